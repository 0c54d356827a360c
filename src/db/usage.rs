//! How connections are used, for metrics.

use std::sync::{Arc, OnceLock};

use sqlx::PgPool;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::telemetry::metrics::{self, Execution, PoolMetrics, Wait};

/// How many connections there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Executing a statement, or otherwise in use.
    pub busy: u32,
    /// Open and not in use.
    pub idle: u32,
    /// Most that may be open.
    pub most: u32,
}

impl Usage {
    /// Those of a pool.
    #[must_use]
    pub fn of(pool: &PgPool) -> Self {
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        let busy = pool.size().saturating_sub(idle);
        Self { busy, idle, most: pool.options().get_max_connections() }
    }

    /// The same, where so many that the pool takes for busy are kept for the next statement.
    #[must_use]
    pub(super) fn with_kept(self, kept: usize) -> Self {
        let kept = u32::try_from(kept).unwrap_or(u32::MAX);
        Self { busy: self.busy.saturating_sub(kept), idle: self.idle.saturating_add(kept), ..self }
    }
}

/// The metrics of a pool, once it has a name.
#[derive(Debug, Default)]
pub(super) struct Observed(OnceLock<&'static PoolMetrics>);

impl Observed {
    /// Counts under this name; the first one stays.
    pub(super) fn name(&self, name: &str) {
        let _ = self.0.set(metrics::pool(name));
    }

    /// Counts a statement that begins.
    pub(super) fn begin(&self) -> Executing {
        Executing(self.0.get().map(|metrics| metrics.execute()))
    }

    /// Counts what waits for connections, if others have them, until this is dropped.
    pub(super) fn wait(&self) -> Option<Wait<'_>> {
        self.0.get().map(|metrics| metrics.wait())
    }

    /// Waits for a permit.
    pub(super) async fn acquire(
        &self,
        permits: &Arc<Semaphore>,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        if let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
            if let Some(metrics) = self.0.get() {
                metrics.did_not_wait();
            }
            return Ok(permit);
        }
        let _wait = self.wait();
        Arc::clone(permits).acquire_owned().await
    }
}

/// A statement that is executed; dropped before [`Executing::ended`], it was canceled.
#[derive(Debug)]
pub(super) struct Executing(Option<Execution>);

impl Executing {
    /// It has ended.
    pub(super) fn ended(self, succeeded: bool) {
        if let Some(execution) = self.0 {
            execution.ended(succeeded);
        }
    }
}
