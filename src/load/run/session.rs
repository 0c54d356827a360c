//! What every run holds: the lock, a pool, the stop signal.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::connection::settings;
use super::known::RunAs;
use super::lock::{NewRun, RunLock};
use super::summary::{Outcome, RunSummary};
use crate::db::layout::Layout;
use crate::error::{Code, Error, Result};
use crate::lake::curated::Curated;
use crate::load::decode::BatchLimits;
use crate::load::derive::sums::limits::SumLimits;
use crate::load::failure::{Failure, LoadResult};
use crate::load::file::change::SETTLE;
use crate::load::{ledger, queue};

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
    pub(crate) layout: Layout,
    /// How sales are summed up.
    pub(crate) sums: SumLimits,
    known: RunAs,
}

impl Session {
    /// Takes the lock and begins a run with a pool of that many connections.
    pub(crate) async fn begin(
        database: PgConnectOptions,
        connections: usize,
        new: NewRun<'_>,
        known: RunAs,
        limits: BatchLimits,
        stop: CancellationToken,
    ) -> Result<Self> {
        let database = settings(database);
        let lock = RunLock::begin(&database, new, known.queued).await?;
        let connections = u32::try_from(connections).unwrap_or(u32::MAX).saturating_add(1);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(database);
        let layout = Layout::of(&pool).await?;
        Ok(Self { pool, lock, limits, stop, layout, sums: SumLimits::default(), known })
    }

    pub(crate) fn run(&self) -> Uuid {
        self.lock.run()
    }

    /// The lake to write, if there is one.
    pub(crate) const fn lake(&self) -> Option<&Curated> {
        self.known.lake.as_ref()
    }

    pub(crate) fn check_stop(&self) -> LoadResult<()> {
        if self.stop.is_cancelled() {
            return Err(interrupted().into());
        }
        Ok(())
    }

    /// Waits for a server that may be stalled, which must not delay the stop.
    pub(crate) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = LoadResult<T>>,
    ) -> LoadResult<T> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(interrupted().into()),
            done = work => done,
        }
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

    /// Records the end of the run in the ledger and closes the session. A queued run that may
    /// succeed later goes back to the queue instead, and the error says why.
    pub(crate) async fn end(&self, summary: &RunSummary) -> Result<()> {
        let reason = self.reason_to_put_back(summary);
        let end = || async {
            let mut connection = self.lock.connection().await;
            match &reason {
                None => {
                    let ending = self.known.ending.as_deref();
                    ledger::end_run(&mut connection, self.run(), summary, ending).await
                }
                Some(_) => queue::queue_again(&mut connection, self.run()).await,
            }
        };
        let ended = match self.layout {
            Layout::Single => self.retry("end_run", end).await,
            Layout::Distributed => match self.retry("settle", || self.settle()).await {
                Ok(()) => self.retry("end_run", end).await,
                Err(error) => self.retry("end_run", end).await.and(Err(error)),
            },
        };
        self.pool.close().await;
        ended?;
        reason.map_or(Ok(()), Err)
    }

    /// On a cluster, a commit moves the data version before its rows are visible on all machines.
    /// What was read meanwhile is old from here on.
    async fn settle(&self) -> LoadResult<()> {
        let mut connection = self.lock.connection().await;
        sqlx::query(SETTLE).execute(&mut *connection).await?;
        Ok(())
    }

    fn reason_to_put_back(&self, summary: &RunSummary) -> Option<Error> {
        let queued = self.known.queued.filter(|_| summary.outcome == Outcome::Failed)?;
        if let Err(interrupted) = self.check_stop() {
            return Some(interrupted.into());
        }
        let error = summary.first_error().filter(|_| !queued.is_last)?;
        let passes = [Code::Unavailable, Code::Timeout];
        let code = passes.into_iter().find(|code| code.as_str() == error.code)?;
        Some(Error::new(code, error.message.clone()))
    }
}

fn interrupted() -> Error {
    let message = "interrupted; the next run continues after the last committed batch";
    Error::new(Code::Conflict, message)
}
