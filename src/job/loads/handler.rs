//! Runs the jobs of loads.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use super::work::{Work, mode_of};
use crate::config::LoadMode;
use crate::error::{Code, Error, Result};
use crate::job::handler::{Handler, Run};
use crate::lake::curated::Curated;
use crate::load::{
    self, Ending, Load, LoadOptions, Outcome, Queued, Refresh, Replay, RunAs, RunSummary, Silent,
    SumLimits,
};
use crate::storage::{S3Settings, Source, SourceUri};

/// Loads, checks, replays of rejects and refreshes of derived tables.
pub struct Loads {
    /// Reaches the ledger.
    pub pool: PgPool,
    /// How runs connect to Postgres.
    pub database: PgConnectOptions,
    /// How to reach S3.
    pub s3: S3Settings,
    /// How to load.
    pub options: LoadOptions,
    /// Is told when a run ends.
    pub ending: Option<Arc<dyn Ending>>,
    /// The lake that each run writes in the end.
    pub lake: Option<Curated>,
}

impl Loads {
    async fn work(&self, job: &Run) -> Result<()> {
        let work = Work::of(&job.payload)?;
        let known = RunAs {
            queued: Some(Queued { run: work.run(), is_last: job.is_last() }),
            ending: self.ending.clone(),
            lake: self.lake.clone(),
        };
        let (limits, stop) = (self.options.limits, job.stop.clone());
        let database = self.database.clone();
        let summary = match work {
            Work::Load { source, mode, check: true, run } => {
                let load = self.load(&source, mode_of(&mode)?, job).await?;
                return self.check(load, run, job).await;
            }
            Work::Load { source, mode, .. } => {
                self.load(&source, mode_of(&mode)?, job).await?.run_as(known).await?
            }
            Work::Replay { selection, raw, .. } => {
                let corrected = raw.map(String::into_bytes);
                Replay { database, limits, selection, corrected, stop }.run(known).await?
            }
            Work::Refresh { .. } => {
                let sums = SumLimits::default();
                Refresh { database, limits, sums, stop }.run(known).await?
            }
        };
        outcome(&summary)
    }

    /// What a check finds is its result, not its failure.
    async fn check(&self, load: Load, run: Uuid, job: &Run) -> Result<()> {
        load::begin_check(&mut *self.pool.acquire().await?, run).await?;
        let checked = load.check().await;
        let mut connection = self.pool.acquire().await?;
        match checked {
            Ok(summary) if !job.stop.is_cancelled() => {
                load::end_check(&mut connection, run, &summary, self.ending.as_deref()).await
            }
            checked => {
                load::put_back(&mut connection, run).await?;
                checked.and(Err(Error::new(Code::Conflict, "interrupted")))
            }
        }
    }

    async fn load(&self, source: &str, mode: LoadMode, job: &Run) -> Result<Load> {
        let uri: SourceUri = source.parse()?;
        Ok(Load {
            database: self.database.clone(),
            source: Source::connect(&uri, &self.s3).await?,
            options: LoadOptions { mode, ..self.options.clone() },
            observer: Arc::new(Silent),
            stop: job.stop.clone(),
        })
    }
}

/// A run that failed is a job that failed. What may pass has gone back to the queue before.
fn outcome(summary: &RunSummary) -> Result<()> {
    match (summary.outcome, summary.first_error()) {
        (Outcome::Failed, Some(error)) => {
            Err(Error::new(Code::Conflict, format!("{}: {}", error.code, error.message)))
        }
        _ => Ok(()),
    }
}

impl Handler for Loads {
    fn run<'a>(&'a self, job: &'a Run) -> BoxFuture<'a, Result<()>> {
        self.work(job).boxed()
    }

    fn gave_up<'a>(&'a self, job: &'a Run, error: &'a Error) -> BoxFuture<'a, Result<()>> {
        async move {
            let Ok(work) = Work::of(&job.payload) else { return Ok(()) };
            let mut connection = self.pool.acquire().await?;
            load::give_up(&mut connection, work.run(), error, self.ending.as_deref()).await
        }
        .boxed()
    }
}
