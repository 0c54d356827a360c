//! What others know of a run: that it was queued, and that it has ended.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::lake::curated::Curated;

/// How a run is known outside of the loader. By default it is a new one, and nobody is told.
#[derive(Clone, Default)]
pub struct RunAs {
    /// The run in the ledger that was queued for this.
    pub queued: Option<Queued>,
    /// Is told when the run ends.
    pub ending: Option<Arc<dyn Ending>>,
    /// The lake that is written in the end.
    pub lake: Option<Curated>,
}

/// A run that was queued as a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// The run. If an earlier attempt has begun it, it goes on.
    pub run: Uuid,
    /// Whether a failure that may pass ends the run; else it goes back to the queue.
    pub is_last: bool,
}

/// Is told when a run ends.
pub trait Ending: Send + Sync {
    /// Called in the transaction that ends the run.
    ///
    /// # Errors
    /// The run has then not ended.
    fn ended<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        run: Uuid,
    ) -> BoxFuture<'a, Result<()>>;
}

impl fmt::Debug for RunAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunAs").field("queued", &self.queued).finish_non_exhaustive()
    }
}

/// Host and id of this process, as it is shown where a run or a job names who is at it.
#[must_use]
pub fn holder() -> String {
    let host = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
    let host = host.unwrap_or_else(|_| "unknown host".to_owned());
    format!("{host}, process {}", std::process::id())
}
