//! Tables of generated rows.

use super::row::Row;

/// A table whose rows are generated one by one.
pub(super) trait Table {
    /// The number of valid rows.
    fn rows(&self) -> u64;

    /// Appends the fields of a row. Rows from [`Table::rows`] on have keys that no valid
    /// row has.
    fn row(&self, index: u64, row: &mut Row);
}
