//! How many connections are open, for metrics.

use std::sync::atomic::{AtomicU32, Ordering};

/// How many connections are open, and how many of them are parked.
#[derive(Debug, Default)]
pub(in crate::http) struct Tally {
    open: AtomicU32,
    parked: AtomicU32,
}

/// Counts one more until it is dropped.
#[derive(Debug)]
pub(super) struct Counted<'a>(&'a AtomicU32);

impl Tally {
    pub(super) fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn park(&self) -> Counted<'_> {
        self.parked.fetch_add(1, Ordering::Relaxed);
        Counted(&self.parked)
    }

    /// Those that wait for their next request without buffers.
    pub(in crate::http) fn parked(&self) -> u32 {
        self.parked.load(Ordering::Relaxed)
    }

    /// All others.
    pub(in crate::http) fn active(&self) -> u32 {
        self.open.load(Ordering::Relaxed).saturating_sub(self.parked())
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
