//! The open connections: their limits, and how they are closed.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::auth::Principal;
use crate::http::rate_limit::ClientAddress;
use crate::http::shares::{Share, Shares};

/// Most WebSockets at once whose callers are not known yet.
const OPENING: u32 = 64;
/// Most of them from one address.
const OPENING_PER_ADDRESS: usize = 8;

/// The limits of WebSockets and event streams.
#[derive(Debug, Clone, Copy)]
pub struct SubscriptionLimits {
    /// Most WebSockets at once, and also most operations at once over all WebSockets
    /// and event streams. Each credential may have half of both.
    pub max: u32,
    /// Most operations at once on one WebSocket.
    pub operations: usize,
    /// Longest time until a WebSocket sends `connection_init`.
    pub init_timeout: Duration,
    /// Time between two pings. A WebSocket from which nothing arrives for two of
    /// these is dropped.
    pub keepalive: Duration,
    /// Longest time for a client to take one message before its WebSocket is dropped.
    pub send_timeout: Duration,
    /// Time after which a subscription is executed again without a notification of a
    /// commit.
    pub poll: Duration,
}

impl Default for SubscriptionLimits {
    fn default() -> Self {
        Self {
            max: 256,
            operations: 32,
            init_timeout: Duration::from_secs(10),
            keepalive: Duration::from_secs(15),
            send_timeout: Duration::from_secs(10),
            poll: Duration::from_secs(5),
        }
    }
}

/// What the open connections share.
#[derive(Debug, Clone)]
pub(in crate::http) struct Connections {
    pub(in crate::http) limits: SubscriptionLimits,
    /// WebSockets whose callers are not known yet: anyone may open them.
    opening: Pool<ClientAddress>,
    sockets: Pool<u64>,
    operations: Pool<u64>,
    /// Changes soon after each commit.
    changes: watch::Receiver<i64>,
    pub(super) closing: CancellationToken,
}

/// Permits, of which each key may hold a share.
#[derive(Debug, Clone)]
struct Pool<K> {
    most: u32,
    permits: Arc<Semaphore>,
    shares: Shares<K>,
}

/// A permit, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit<K: Eq + Hash> {
    _permit: OwnedSemaphorePermit,
    _share: Share<K>,
}

/// The place of a WebSocket among those that are open.
#[derive(Debug)]
pub(super) enum Place {
    /// Its caller is not known yet.
    Opening {
        _permit: Permit<ClientAddress>,
    },
    Open {
        _permit: Permit<u64>,
    },
}

impl<K: Copy + Eq + Hash> Pool<K> {
    fn new(most: u32, share: usize) -> Self {
        let count = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS);
        let count = count.min(Semaphore::MAX_PERMITS);
        Self { most, permits: Arc::new(Semaphore::new(count)), shares: Shares::new(share) }
    }

    fn take(&self, key: Option<K>) -> Option<Permit<K>> {
        let share = self.shares.take(key)?;
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(Permit { _permit: permit, _share: share })
    }

    fn taken(&self) -> u32 {
        let free = u32::try_from(self.permits.available_permits()).unwrap_or(u32::MAX);
        self.most.saturating_sub(free)
    }

    /// Waits until all permits are free.
    async fn emptied(&self) {
        // The semaphore is never closed.
        let _ = self.permits.acquire_many(self.most).await;
    }
}

impl Connections {
    pub(in crate::http) fn new(limits: SubscriptionLimits, changes: watch::Receiver<i64>) -> Self {
        let half = usize::try_from(limits.max / 2).unwrap_or(usize::MAX).max(1);
        Self {
            limits,
            opening: Pool::new(OPENING, OPENING_PER_ADDRESS),
            sockets: Pool::new(limits.max, half),
            operations: Pool::new(limits.max, half),
            changes,
            closing: CancellationToken::new(),
        }
    }

    /// Open WebSockets whose callers are known.
    pub(in crate::http) fn sockets(&self) -> u32 {
        self.sockets.taken()
    }

    /// Running operations.
    pub(in crate::http) fn running(&self) -> u32 {
        self.operations.taken()
    }

    pub(in crate::http) fn changes(&self) -> watch::Receiver<i64> {
        self.changes.clone()
    }

    /// Closes all connections, and those that are opened later.
    pub(in crate::http) fn close(&self) {
        self.closing.cancel();
    }

    /// Waits until every WebSocket has ended. Event streams are requests, for which
    /// the server waits itself.
    pub(in crate::http) async fn closed(&self) {
        // In the order in which a WebSocket has them.
        self.opening.emptied().await;
        self.sockets.emptied().await;
    }

    /// The place of a WebSocket from this address until its caller is known.
    pub(super) fn opening_place(&self, address: Option<ClientAddress>) -> Option<Place> {
        if self.sockets.permits.available_permits() == 0 {
            return None;
        }
        self.opening.take(address).map(|permit| Place::Opening { _permit: permit })
    }

    /// The place of a WebSocket of this caller.
    pub(super) fn open_place(&self, principal: &Principal) -> Option<Place> {
        let permit = self.sockets.take(principal.counted_as());
        permit.map(|permit| Place::Open { _permit: permit })
    }

    pub(super) fn operation_permit(&self, principal: &Principal) -> Option<Permit<u64>> {
        self.operations.take(principal.counted_as())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_may_have_half_of_all_operations() {
        let limits = SubscriptionLimits { max: 4, ..SubscriptionLimits::default() };
        let connections = Connections::new(limits, watch::channel(0).1);
        let take = |credential| {
            let principal = Principal { credential, ..Principal::operator() };
            connections.operation_permit(&principal)
        };
        let first = [take(1).unwrap(), take(1).unwrap()];
        assert!(take(1).is_none());
        let others = [take(2).unwrap(), take(0).unwrap()];
        assert!(take(3).is_none(), "all are taken");
        drop(first);
        let operator: Vec<_> = (0..2).map(|_| take(0).expect("it has no share")).collect();
        assert!(take(0).is_none(), "all are taken");
        drop((others, operator));
    }
}
