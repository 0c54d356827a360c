//! Requests by operation, status and the cache's part.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::histogram::{DURATIONS, Histogram};

const COSTS: &[u64] = &[1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// The statuses that have a counter of their own; the last is of all others.
const STATUSES: [(u16, &str); 24] = [
    (200, "200"),
    (101, "101"),
    (202, "202"),
    (204, "204"),
    (304, "304"),
    (307, "307"),
    (308, "308"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (406, "406"),
    (408, "408"),
    (413, "413"),
    (415, "415"),
    (421, "421"),
    (429, "429"),
    (499, "499"),
    (500, "500"),
    (501, "501"),
    (503, "503"),
    (504, "504"),
    (0, "other"),
];

/// These begin at 0, for a counter that begins with its first request hides that one: what is
/// answered by each part of the cache, and what fails.
const FROM_START: [(&str, CacheOutcome); 11] = [
    ("200", CacheOutcome::None),
    ("200", CacheOutcome::Hit),
    ("200", CacheOutcome::Miss),
    ("200", CacheOutcome::Shared),
    ("304", CacheOutcome::NotModified),
    ("500", CacheOutcome::None),
    ("500", CacheOutcome::Miss),
    ("503", CacheOutcome::None),
    ("503", CacheOutcome::Miss),
    ("504", CacheOutcome::None),
    ("504", CacheOutcome::Miss),
];

/// Most operations with a value of their own: memory and series are bounded.
const MOST: usize = 200;

/// The part of the response cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheOutcome {
    /// It was not asked, or could not be: no query, off, or rejected before.
    None,
    /// It had the response.
    Hit,
    /// It had not, and the operation was executed.
    Miss,
    /// It had not, and an equal request was being executed.
    Shared,
    /// The client has the response already.
    NotModified,
}

impl CacheOutcome {
    /// All of them.
    const ALL: [Self; 5] = [Self::None, Self::Hit, Self::Miss, Self::Shared, Self::NotModified];

    /// The value of the label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Shared => "shared",
            Self::NotModified => "not_modified",
        }
    }

    /// From its number.
    #[must_use]
    pub fn of(number: u8) -> Self {
        Self::ALL.into_iter().find(|outcome| *outcome as u8 == number).unwrap_or(Self::None)
    }
}

/// What is counted of one operation. There are few, which live as long as the process.
#[derive(Debug)]
pub struct OperationMetrics {
    /// The value of the label.
    pub name: String,
    /// By cache outcome.
    outcomes: [Outcomes; 5],
    cost: Histogram,
}

#[derive(Debug)]
struct Outcomes {
    requests: [AtomicU64; STATUSES.len()],
    duration: Histogram,
}

impl Outcomes {
    fn new() -> Self {
        let requests = [const { AtomicU64::new(0) }; STATUSES.len()];
        Self { requests, duration: Histogram::of_seconds(DURATIONS) }
    }
}

impl OperationMetrics {
    fn leaked(name: &str) -> &'static Self {
        let outcomes = std::array::from_fn(|_| Outcomes::new());
        let cost = Histogram::of_numbers(COSTS);
        Box::leak(Box::new(Self { name: name.to_owned(), outcomes, cost }))
    }

    /// Counts a request that was answered.
    pub fn answered(&self, status: u16, cache: CacheOutcome, duration: Duration) {
        let Some(outcome) = self.outcomes.get(cache as usize) else { return };
        let known = STATUSES.iter().position(|(known, _)| *known == status);
        if let Some(count) = outcome.requests.get(known.unwrap_or(STATUSES.len() - 1)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        outcome.duration.observe_duration(duration);
    }

    /// Counts the cost of an operation that is executed.
    pub fn costs(&self, cost: u64) {
        self.cost.observe(cost);
    }

    /// Its requests: status, cache outcome, count.
    pub(super) fn requests(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.outcomes.iter().zip(CacheOutcome::ALL).flat_map(|(outcome, cache)| {
            let counts = outcome.requests.iter().zip(STATUSES);
            counts.filter_map(move |(count, (_, status))| {
                let count = count.load(Ordering::Relaxed);
                let is_told = count > 0 || FROM_START.contains(&(status, cache));
                is_told.then_some((status, cache.as_str(), count))
            })
        })
    }

    /// Its durations by cache outcome.
    pub(super) fn durations(&self) -> impl Iterator<Item = (&'static str, &Histogram)> {
        let all = self.outcomes.iter().zip(CacheOutcome::ALL);
        all.filter(|(outcome, _)| !outcome.duration.is_untouched())
            .map(|(outcome, cache)| (cache.as_str(), &outcome.duration))
    }

    /// Its costs, if any.
    pub(super) fn cost(&self) -> Option<&Histogram> {
        (!self.cost.is_untouched()).then_some(&self.cost)
    }
}

/// What is no GraphQL operation, or is not known to be one.
pub const NONE: &str = "none";
/// An operation whose name only its client knows.
pub const OTHER: &str = "other";
/// Several operations in one request.
pub const BATCH: &str = "batch";

static OPERATIONS: RwLock<Vec<&'static OperationMetrics>> = RwLock::new(Vec::new());

/// The metrics of an operation with this name, which must be one of few: those that do not fit
/// are [`OTHER`]. Not for each request: it searches.
#[must_use]
pub fn operation(name: &str) -> &'static OperationMetrics {
    let find = |known: &[&'static OperationMetrics], name: &str| {
        known.iter().find(|known| known.name == name).copied()
    };
    let known = OPERATIONS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = find(&known, name) {
        return found;
    }
    drop(known);
    let mut known = OPERATIONS.write().unwrap_or_else(PoisonError::into_inner);
    let is_own = [NONE, OTHER, BATCH].contains(&name);
    let name = if is_own || known.len() < MOST { name } else { OTHER };
    find(&known, name).unwrap_or_else(|| {
        let new = OperationMetrics::leaked(name);
        known.push(new);
        new
    })
}

/// All operations so far.
pub(super) fn operations() -> Vec<&'static OperationMetrics> {
    OPERATIONS.read().unwrap_or_else(PoisonError::into_inner).clone()
}

static IN_PROGRESS: AtomicI64 = AtomicI64::new(0);

/// The requests in progress.
#[must_use]
pub fn in_progress() -> &'static AtomicI64 {
    &IN_PROGRESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_bounded() {
        for number in 0..MOST * 2 {
            let name = format!("Operation{number}");
            let known = operation(&name);
            assert!(known.name == name || known.name == OTHER, "{}", known.name);
        }
        assert_eq!(operation("OneMore").name, OTHER);
        assert_eq!(operation(BATCH).name, BATCH);
        assert!(operations().len() <= MOST + 3);
    }

    #[test]
    fn a_request_is_counted_by_status_and_cache() {
        let metrics = OperationMetrics::leaked("test");
        metrics.answered(200, CacheOutcome::Hit, Duration::from_micros(100));
        metrics.answered(200, CacheOutcome::Hit, Duration::from_secs(60));
        metrics.answered(418, CacheOutcome::None, Duration::ZERO);
        assert_eq!(metrics.requests().filter(|(_, _, count)| *count == 0).count(), 10);
        let counted: Vec<_> = metrics.requests().filter(|(_, _, count)| *count > 0).collect();
        assert_eq!(counted, [("other", "none", 1), ("200", "hit", 2)]);
        assert_eq!(metrics.durations().count(), 2);
        assert!(metrics.cost().is_none());
        for outcome in CacheOutcome::ALL {
            assert_eq!(CacheOutcome::of(outcome as u8), outcome);
        }
    }
}
