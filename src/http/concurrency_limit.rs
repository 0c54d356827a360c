//! Limits how many requests are executed at once.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::response::rejection::Rejection;
use super::shares::{Share, Shares};
use crate::auth::Principal;

/// The right to execute, until it is dropped.
pub(super) type Permit<'a> = SemaphorePermit<'a>;

/// So many requests are executed at once, and as many more wait in a queue.
#[derive(Debug)]
pub(super) struct ConcurrencyLimit {
    at_once: usize,
    /// One for each request that is executed or waits.
    slots: Semaphore,
    permits: Semaphore,
    /// By credential.
    shares: Shares<u64>,
}

/// A slot in the queue, held while the request is executed, too.
#[derive(Debug)]
pub(super) struct QueueSlot<'a> {
    permits: &'a Semaphore,
    _slot: SemaphorePermit<'a>,
}

impl ConcurrencyLimit {
    pub(super) fn new(at_once: usize, per_token: usize) -> Self {
        let at_once = at_once.min(Semaphore::MAX_PERMITS / 2);
        let (slots, permits) = (Semaphore::new(at_once * 2), Semaphore::new(at_once));
        Self { at_once, slots, permits, shares: Shares::new(per_token) }
    }

    /// Counts a request by its credential until the share is dropped.
    pub(super) fn share(&self, principal: &Principal) -> Result<Share<u64>, Rejection> {
        let share = self.shares.take(principal.counted_as());
        share.ok_or_else(|| Rejection::too_many_of_token(self.shares.most()))
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
        let limit = ConcurrencyLimit::new(1, 1);
        let (first, second) = (limit.enqueue().unwrap(), limit.enqueue().unwrap());
        assert!(limit.enqueue().is_err());
        let permit = first.permit().now_or_never().unwrap();
        assert!(second.permit().now_or_never().is_none(), "the first is executed");
        drop(permit);
        assert!(second.permit().now_or_never().is_some());
        drop(first);
        assert!(limit.enqueue().is_ok());
    }

    #[test]
    fn a_credential_has_a_share_and_without_access_control_there_is_none() {
        let limit = ConcurrencyLimit::new(4, 1);
        let of = |credential| Principal { credential, ..Principal::operator() };
        let first = limit.share(&of(1)).unwrap();
        assert!(limit.share(&of(1)).is_err());
        let other = limit.share(&of(2)).expect("of another one");
        let operator: Vec<_> = (0..9).map(|_| limit.share(&of(0)).unwrap()).collect();
        drop(first);
        assert!(limit.share(&of(1)).is_ok());
        drop((other, operator));
    }
}
