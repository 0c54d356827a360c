//! How the rows of one table lead to those of another.

use super::column::Column;
use super::table::Table;

/// The row of another table that columns of this row name.
#[derive(Debug, Clone, Copy)]
pub struct ToOne {
    /// The other table.
    pub table: &'static Table,
    /// Columns of this row, one for each column of the other's key. There is no
    /// such row where one of them is null.
    pub from: &'static [Column],
}

/// Rows of another table whose columns hold this row's key.
#[derive(Debug, Clone, Copy)]
pub struct ToMany {
    /// The other table.
    pub table: &'static Table,
    /// Its columns, one for each column of this row's key.
    pub by: &'static [Column],
}

impl PartialEq for ToOne {
    fn eq(&self, other: &Self) -> bool {
        self.table.name == other.table.name && same(self.from, other.from)
    }
}

impl Eq for ToOne {}

impl PartialEq for ToMany {
    fn eq(&self, other: &Self) -> bool {
        self.table.name == other.table.name && same(self.by, other.by)
    }
}

impl Eq for ToMany {}

fn same(some: &[Column], others: &[Column]) -> bool {
    some.iter().map(|column| column.name).eq(others.iter().map(|column| column.name))
}
