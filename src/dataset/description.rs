//! What a dataset is.

use super::column::{Check, Column};

/// One source table and the Postgres table its rows go to.
#[derive(Debug)]
pub struct Dataset {
    /// The Postgres table, and the dataset's name in the ledger.
    pub table: &'static str,
    /// What a file's name begins with, for instance `Sales.SalesOrderHeader`.
    pub file_stem: &'static str,
    /// The columns taken from the file, in the order of the table.
    pub columns: &'static [Column],
    /// SQL names of the key's columns: one or two integers.
    pub key: &'static [&'static str],
    /// Tables a row cannot do without: those that foreign keys refer to. Optional
    /// references are not parents.
    pub parents: &'static [Parent],
    /// Columns that repeat one of a parent.
    pub carried: &'static [Carried],
    /// What must hold between the columns of a row.
    pub checks: &'static [Check],
}

/// A reference from a dataset's rows to another dataset's.
#[derive(Debug)]
pub struct Parent {
    /// The table referred to; its key is that of its own [`Dataset`].
    pub table: &'static str,
    /// The referring SQL columns, in the order of the parent's key.
    pub columns: &'static [&'static str],
}

/// A column that is no column of the file: it has the value that the parent has in its column
/// of the same name.
#[derive(Debug)]
pub struct Carried {
    /// The SQL column.
    pub column: &'static str,
    /// The parent's table.
    pub parent: &'static str,
}

impl Dataset {
    /// Index of the column with that SQL name.
    #[must_use]
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
