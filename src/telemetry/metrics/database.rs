//! Pools of connections to Postgres, and the statements over them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use super::histogram::{DURATIONS, Histogram, MS};

const WAITS: &[u64] =
    &[MS, 5 * MS, 10 * MS, 50 * MS, 100 * MS, 500 * MS, 1_000 * MS, 5_000 * MS, 10_000 * MS];
/// What is counted of one pool. There are few, which live as long as the process.
#[derive(Debug)]
pub struct PoolMetrics {
    /// The value of the label.
    pub name: String,
    pub(super) wait: Histogram,
    pub(super) waiting: AtomicI64,
    pub(super) succeeded: Histogram,
    pub(super) failed: Histogram,
    pub(super) canceled: Histogram,
}

/// A statement that waits, until this is dropped.
#[derive(Debug)]
pub struct Wait<'a> {
    metrics: &'a PoolMetrics,
    began: Instant,
}

impl PoolMetrics {
    /// Counts a statement that found a connection at once.
    pub fn did_not_wait(&self) {
        self.wait.observe(0);
    }

    /// Counts a statement that waits.
    #[must_use]
    pub fn wait(&self) -> Wait<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Wait { metrics: self, began: Instant::now() }
    }

    /// Counts a statement that begins.
    #[must_use]
    pub fn execute(&'static self) -> Execution {
        Execution { metrics: self, began: Instant::now(), outcome: &self.canceled }
    }

    /// Its statements by outcome.
    pub(super) fn statements(&self) -> [(&'static str, &Histogram); 3] {
        [("ok", &self.succeeded), ("error", &self.failed), ("canceled", &self.canceled)]
    }
}

/// A statement that is executed, until this is dropped: canceled, unless it has ended before.
#[derive(Debug)]
pub struct Execution {
    metrics: &'static PoolMetrics,
    began: Instant,
    outcome: &'static Histogram,
}

impl Execution {
    /// It has ended.
    pub fn ended(mut self, succeeded: bool) {
        let metrics = self.metrics;
        self.outcome = if succeeded { &metrics.succeeded } else { &metrics.failed };
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        self.outcome.observe_duration(self.began.elapsed());
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.metrics.waiting.fetch_sub(1, Ordering::Relaxed);
        self.metrics.wait.observe_duration(self.began.elapsed());
    }
}

static POOLS: RwLock<Vec<&'static PoolMetrics>> = RwLock::new(Vec::new());

/// The metrics of the pool with this name: one for each configured database.
#[must_use]
pub fn pool(name: &str) -> &'static PoolMetrics {
    let mut pools = POOLS.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = pools.iter().find(|known| known.name == name) {
        return known;
    }
    let new = Box::leak(Box::new(PoolMetrics {
        name: name.to_owned(),
        wait: Histogram::of_seconds(WAITS),
        waiting: AtomicI64::new(0),
        succeeded: Histogram::of_seconds(DURATIONS),
        failed: Histogram::of_seconds(DURATIONS),
        canceled: Histogram::of_seconds(DURATIONS),
    }));
    pools.push(new);
    new
}

/// All pools so far.
pub(super) fn pools() -> Vec<&'static PoolMetrics> {
    POOLS.read().unwrap_or_else(PoisonError::into_inner).clone()
}
