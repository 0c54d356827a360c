//! Row counts. `read` is always the sum of the five that follow it.

use serde::Serialize;

/// The records of a file or batch, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records read.
    pub read: i64,
    /// New rows.
    pub inserted: i64,
    /// Rows that replaced an older or different one.
    pub updated: i64,
    /// Rows equal to the stored one, or older.
    pub unchanged: i64,
    /// Rows in `load_reject`.
    pub rejected: i64,
    /// Rows that wait for a parent; negative when more were resolved than parked.
    pub parked: i64,
    /// Stored rows that a mirrored file lacks, removed.
    pub removed: i64,
    /// Stored rows that it lacks and that others refer to, so kept.
    pub kept: i64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
        self.parked += other.parked;
        self.removed += other.removed;
        self.kept += other.kept;
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
            removed: self.removed - other.removed,
            kept: self.kept - other.kept,
        }
    }
}

/// A count, offset or line as Postgres' `bigint`.
pub(crate) fn bigint(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}
