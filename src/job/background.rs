//! What a worker does beside its jobs.

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

/// Work that comes by other ways than the queue of jobs.
pub trait Background: Send + Sync + 'static {
    /// Works until `stop`, and ends what it has begun.
    fn run(&self, stop: CancellationToken) -> BoxFuture<'_, ()>;
}
