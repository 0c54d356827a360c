//! The columns that aggregates are answered from.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::family::{Counters, Histograms};
use super::histogram::{Histogram, MS};
use super::names::{COLUMNS_REFRESH, COLUMNS_REQUESTS};

const SECOND: u64 = 1_000 * MS;
const REFRESHES: &[u64] = &[
    50 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    SECOND,
    5 * SECOND / 2,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    60 * SECOND,
    120 * SECOND,
];

/// What answers, and why rows do.
const OUTCOMES: [&str; 7] =
    ["columns", "outdated", "too_large", "failed", "unwatched", "unsupported", "changed"];

static REQUESTS: LazyLock<Counters<1>> = LazyLock::new(Counters::default);
static READ: LazyLock<Histograms<1>> =
    LazyLock::new(|| Histograms::new_with_constructor(|| Histogram::of_seconds(REFRESHES)));
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// How reading the columns ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// They are there.
    Done,
    /// They take more memory than they may.
    TooLarge,
    /// Postgres has not given them.
    Failed,
}

impl RefreshOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::TooLarge => "too_large",
            Self::Failed => "error",
        }
    }
}

/// Counts an aggregate that the columns have answered, or why they have not.
pub fn columns_asked(outcome: &'static str) {
    REQUESTS.get_or_create(&COLUMNS_REQUESTS.labels([outcome.into()])).inc();
}

/// The memory of the columns from now on.
pub fn columns_kept(bytes: usize) {
    BYTES.store(bytes, Ordering::Relaxed);
}

/// Counts reading the columns.
pub fn columns_read(outcome: RefreshOutcome, duration: Duration) {
    let labels = COLUMNS_REFRESH.labels([outcome.as_str().into()]);
    READ.get_or_create(&labels).observe_duration(duration);
}

pub(super) fn requests() -> Counters<1> {
    for outcome in OUTCOMES {
        REQUESTS.get_or_create(&COLUMNS_REQUESTS.labels([outcome.into()])).inc_by(0);
    }
    REQUESTS.clone()
}

pub(super) fn refreshes() -> Histograms<1> {
    READ.clone()
}

pub(super) fn bytes() -> usize {
    BYTES.load(Ordering::Relaxed)
}
