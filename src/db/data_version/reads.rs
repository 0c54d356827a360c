//! What the statements of a request have read.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::tables::{TableSet, tables_of};

/// Collects the tables of statements as they are executed.
///
/// The same request at the same versions of these tables reads the same again: its first
/// statement gives the same rows, so that the next one is the same, and so on. So these tables
/// are all that its answer depends on, however it was planned.
#[derive(Debug, Default)]
pub struct Reads {
    tables: AtomicU64,
    is_unwatched: AtomicBool,
}

impl Reads {
    /// Notes a statement.
    pub(crate) fn note(&self, sql: &str) {
        match tables_of(sql) {
            Some(tables) => self.add(tables),
            None => self.is_unwatched.store(true, Ordering::Relaxed),
        }
    }

    /// Notes something else that was read of all data.
    pub(crate) fn note_all(&self) {
        self.add(TableSet::ALL);
    }

    fn add(&self, tables: TableSet) {
        self.tables.fetch_or(tables.bits(), Ordering::Relaxed);
    }

    /// The tables so far. Who has read none, or something that moves no version, is told the
    /// version of all data.
    #[must_use]
    pub fn tables(&self) -> TableSet {
        let tables = TableSet::from_bits(self.tables.load(Ordering::Relaxed));
        if tables.is_empty() || self.is_unwatched() { TableSet::ALL } else { tables }
    }

    /// Whether it has read what changes while the version does not.
    #[must_use]
    pub fn is_unwatched(&self) -> bool {
        self.is_unwatched.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_add_up() {
        let reads = Reads::default();
        assert_eq!(reads.tables(), TableSet::ALL, "nothing in particular");
        reads.note("SELECT FROM product");
        reads.note("SELECT FROM store");
        assert_eq!(reads.tables().names(), Some(vec!["product", "store"]));
        assert!(!reads.is_unwatched());
        reads.note("SELECT FROM report");
        assert_eq!((reads.tables(), reads.is_unwatched()), (TableSet::ALL, true));
    }
}
