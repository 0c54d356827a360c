//! Connections that stay open: WebSockets that speak `graphql-transport-ws`, and
//! event streams (SSE) of one operation each.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// Bounds of the connections that stay open.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most WebSockets at once, and also most operations at once: those on all
    /// WebSockets and the event streams together.
    pub most: u32,
    /// Most operations at once on one WebSocket.
    pub operations: usize,
    /// Longest time from a WebSocket's beginning to its `connection_init`.
    pub init: Duration,
    /// How often an idle connection is looked after. A WebSocket that is not heard
    /// of for two of these is given up.
    pub keepalive: Duration,
    /// Longest time a client may take for one message before its WebSocket is given
    /// up.
    pub patience: Duration,
    /// How long what is followed is left alone without news of a commit.
    pub poll: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            most: 256,
            operations: 32,
            init: Duration::from_secs(10),
            keepalive: Duration::from_secs(15),
            patience: Duration::from_secs(10),
            poll: Duration::from_secs(5),
        }
    }
}

/// What the connections that stay open share.
#[derive(Debug, Clone)]
pub(in crate::http) struct Open {
    pub(in crate::http) limits: Limits,
    sockets: Arc<Semaphore>,
    operations: Arc<Semaphore>,
    /// Moves soon after each commit.
    changes: watch::Receiver<i64>,
    pub(super) closing: CancellationToken,
}

impl Open {
    pub(in crate::http) fn new(limits: Limits, changes: watch::Receiver<i64>) -> Self {
        let most = usize::try_from(limits.most).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            limits,
            sockets: Arc::new(Semaphore::new(most)),
            operations: Arc::new(Semaphore::new(most)),
            changes,
            closing: CancellationToken::new(),
        }
    }

    pub(in crate::http) fn changes(&self) -> watch::Receiver<i64> {
        self.changes.clone()
    }

    /// Ends all of them, and those that are still to come.
    pub(in crate::http) fn close(&self) {
        self.closing.cancel();
    }

    /// Waits until every WebSocket has ended. Event streams are requests, for which
    /// the server waits itself.
    pub(in crate::http) async fn closed(&self) {
        // Nobody closes the semaphore.
        let _ = self.sockets.acquire_many(self.limits.most).await;
    }

    pub(super) fn socket_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.sockets).try_acquire_owned().ok()
    }

    pub(super) fn operation_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.operations).try_acquire_owned().ok()
    }
}
