//! Tables.

use super::column::{Column, Kind};

/// A table: its name, its columns, and the key that identifies and orders its rows.
#[derive(Debug)]
pub struct Table {
    /// Name in Postgres.
    pub name: &'static str,
    /// Columns of the primary key, in the order of pages.
    pub key: &'static [Column],
    /// All columns, in the order of the entity.
    pub columns: &'static [Column],
    /// Whether it is a view over several tables, which has no index.
    pub is_view: bool,
    /// What a row of it is.
    pub(super) comment: &'static str,
}

impl Table {
    /// A relation that no entity describes: a subquery, or a view in place of a table.
    #[must_use]
    pub const fn derived(name: &'static str, key: &'static [Column]) -> Self {
        Self { name, key, columns: &[], is_view: false, comment: "" }
    }

    /// Whether pages go from the greatest key down. A key that is one UUID is of
    /// version 7, which sorts by time: the newest row comes first.
    #[must_use]
    pub fn newest_first(&self) -> bool {
        matches!(self.key, [column] if column.kind == Kind::Uuid)
    }

    /// Whether its rows come from files.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.column("source_file_id").is_some()
    }

    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// What a row of it is.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        self.comment
    }
}
