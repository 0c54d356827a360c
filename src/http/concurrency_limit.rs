//! Limits how many requests are executed at once.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::response::rejection::Rejection;

/// The right to execute, until it is dropped.
pub(super) type Permit<'a> = SemaphorePermit<'a>;

/// So many requests are executed at once, and as many more wait in a queue.
#[derive(Debug)]
pub(super) struct ConcurrencyLimit {
    at_once: usize,
    /// One for each request that is executed or waits.
    slots: Semaphore,
    permits: Semaphore,
}

/// A slot in the queue, held while the request is executed, too.
#[derive(Debug)]
pub(super) struct QueueSlot<'a> {
    permits: &'a Semaphore,
    _slot: SemaphorePermit<'a>,
}

impl ConcurrencyLimit {
    pub(super) fn new(at_once: usize) -> Self {
        let at_once = at_once.min(Semaphore::MAX_PERMITS / 2);
        Self { at_once, slots: Semaphore::new(at_once * 2), permits: Semaphore::new(at_once) }
    }

    /// Joins the queue unless it is full.
    pub(super) fn enqueue(&self) -> Result<QueueSlot<'_>, Rejection> {
        match self.slots.try_acquire() {
            Ok(slot) => Ok(QueueSlot { permits: &self.permits, _slot: slot }),
            Err(_) => Err(Rejection::overloaded(self.at_once, self.at_once)),
        }
    }
}

impl QueueSlot<'_> {
    /// Waits for a permit. A slot can have several.
    pub(super) async fn permit(&self) -> Option<Permit<'_>> {
        // The semaphore is never closed.
        self.permits.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn as_many_wait_as_are_executed() {
        let limit = ConcurrencyLimit::new(1);
        let (first, second) = (limit.enqueue().unwrap(), limit.enqueue().unwrap());
        assert!(limit.enqueue().is_err());
        let permit = first.permit().now_or_never().unwrap();
        assert!(second.permit().now_or_never().is_none(), "the first is executed");
        drop(permit);
        assert!(second.permit().now_or_never().is_some());
        drop(first);
        assert!(limit.enqueue().is_ok());
    }
}
