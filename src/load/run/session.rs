//! What every run holds: the lock, a pool, the stop signal.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::connection::settings;
use super::lock::{NewRun, RunLock};
use super::summary::RunSummary;
use crate::error::{Code, Error, Result};
use crate::load::decode::BatchLimits;
use crate::load::failure::{Failure, LoadResult};
use crate::load::ledger;

/// How long a batch waits for a connection before Postgres counts as lost.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Consecutive retries without progress.
pub(crate) const MAX_RETRIES: usize = 5;

/// A run in progress.
pub(crate) struct Session {
    pub(crate) pool: PgPool,
    pub(crate) lock: RunLock,
    pub(crate) limits: BatchLimits,
    pub(crate) stop: CancellationToken,
}

impl Session {
    /// Takes the lock and begins a run with a pool of that many connections.
    pub(crate) async fn begin(
        database: PgConnectOptions,
        connections: usize,
        new: NewRun<'_>,
        limits: BatchLimits,
        stop: CancellationToken,
    ) -> Result<Self> {
        let database = settings(database);
        let lock = RunLock::begin(&database, new).await?;
        let connections = u32::try_from(connections).unwrap_or(u32::MAX).saturating_add(1);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(database);
        Ok(Self { pool, lock, limits, stop })
    }

    pub(crate) fn run(&self) -> Uuid {
        self.lock.run()
    }

    pub(crate) fn check_stop(&self) -> LoadResult<()> {
        if self.stop.is_cancelled() {
            let message = "interrupted; the next run continues after the last committed batch";
            return Err(Error::new(Code::Conflict, message).into());
        }
        Ok(())
    }

    /// Repeats a step after each lost connection, as often as [`MAX_RETRIES`] allows.
    pub(crate) async fn retry<T, F>(&self, step: &str, attempt: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = LoadResult<T>>,
    {
        for _ in 0..MAX_RETRIES {
            match attempt().await {
                Err(Failure::Lost(error)) => {
                    tracing::warn!(step, error = error.detail(), "retrying the step");
                    self.lock.recover(error).await?;
                }
                done => return Ok(done?),
            }
        }
        Ok(attempt().await?)
    }

    /// Records the end of the run in the ledger and closes the session.
    pub(crate) async fn end(&self, summary: &RunSummary) -> Result<()> {
        let end = || async {
            let mut connection = self.lock.connection().await;
            ledger::end_run(&mut connection, self.run(), summary).await
        };
        let ended = self.retry("end_run", end).await;
        self.pool.close().await;
        ended
    }
}
