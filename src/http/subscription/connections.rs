//! The open connections: their limits, and how they are closed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// The limits of WebSockets and event streams.
#[derive(Debug, Clone, Copy)]
pub struct SubscriptionLimits {
    /// Most WebSockets at once, and also most operations at once over all WebSockets
    /// and event streams.
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
    sockets: Arc<Semaphore>,
    operations: Arc<Semaphore>,
    /// Changes soon after each commit.
    changes: watch::Receiver<i64>,
    pub(super) closing: CancellationToken,
}

impl Connections {
    pub(in crate::http) fn new(limits: SubscriptionLimits, changes: watch::Receiver<i64>) -> Self {
        let max = usize::try_from(limits.max).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            limits,
            sockets: Arc::new(Semaphore::new(max)),
            operations: Arc::new(Semaphore::new(max)),
            changes,
            closing: CancellationToken::new(),
        }
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
        // The semaphore is never closed.
        let _ = self.sockets.acquire_many(self.limits.max).await;
    }

    pub(super) fn socket_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.sockets).try_acquire_owned().ok()
    }

    pub(super) fn operation_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.operations).try_acquire_owned().ok()
    }
}
