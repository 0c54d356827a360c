//! The numbers of a load. `read` is always the sum of the other five.

use serde::Serialize;

/// What became of the records of a file, or of one batch of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records read.
    pub read: i64,
    /// New rows.
    pub inserted: i64,
    /// Rows that replaced an older or different one.
    pub updated: i64,
    /// Rows that were there already, or older than the stored one.
    pub unchanged: i64,
    /// Rows in the dead letters.
    pub rejected: i64,
    /// Rows that wait for a parent; negative where more were resolved than parked.
    pub parked: i64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
        self.parked += other.parked;
    }
}

impl std::ops::Sub for Counts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            read: self.read - other.read,
            inserted: self.inserted - other.inserted,
            updated: self.updated - other.updated,
            unchanged: self.unchanged - other.unchanged,
            rejected: self.rejected - other.rejected,
            parked: self.parked - other.parked,
        }
    }
}

/// A count of things in memory as the ledger's type.
pub(crate) fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// An offset or a line as the ledger's type.
pub(crate) fn place(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
