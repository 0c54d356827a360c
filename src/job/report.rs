//! The jobs of reports: making one, and clearing up after them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::handler::{Handler, Run};
use super::queue::{NewJob, add};
use super::schedule::Due;
use super::task::Task;
use crate::error::{Error, Result};
use crate::report::{Reports, RowSource};

/// What failed and canceled reports have left is removed so long after their end: a worker
/// that has not noticed yet may still be at it before.
const LEFT_AFTER: Duration = Duration::from_secs(60);

/// Makes reports: the payload is `{"report": id}`.
#[derive(Clone)]
pub struct MakeReport {
    /// The bucket.
    pub reports: Reports,
    /// The main database.
    pub pool: PgPool,
    /// What runs their queries.
    pub rows: Arc<dyn RowSource>,
}

impl Handler for MakeReport {
    fn run<'a>(&'a self, job: &'a Run) -> BoxFuture<'a, Result<()>> {
        async move {
            let id = report(job)?;
            let outcome = self.reports.make(&self.pool, &*self.rows, id, &job.stop).await?;
            tracing::info!(report = %id, ?outcome, "report");
            Ok(())
        }
        .boxed()
    }

    fn gave_up<'a>(&'a self, job: &'a Run, error: &'a Error) -> BoxFuture<'a, Result<()>> {
        async move { self.reports.give_up(&self.pool, report(job)?, error).await }.boxed()
    }
}

/// Removes files that are kept long enough, and what is left of reports that were not made.
#[derive(Debug, Clone)]
pub struct SweepReports {
    /// The bucket.
    pub reports: Reports,
    /// The main database.
    pub pool: PgPool,
}

impl Handler for SweepReports {
    fn run<'a>(&'a self, _job: &'a Run) -> BoxFuture<'a, Result<()>> {
        async move {
            let removed = self.reports.sweep(&self.pool, LEFT_AFTER).await?;
            if removed > 0 {
                tracing::info!(removed, "files of reports removed");
            }
            Ok(())
        }
        .boxed()
    }

    fn gave_up<'a>(&'a self, _job: &'a Run, _error: &'a Error) -> BoxFuture<'a, Result<()>> {
        // The next one does what this has not.
        async { Ok(()) }.boxed()
    }
}

/// Adds a sweep.
#[derive(Debug, Clone, Copy)]
pub struct ScheduledSweep;

impl Due for ScheduledSweep {
    fn add<'a>(&'a self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<()>> {
        let job = NewJob {
            task: Task::SweepReports,
            key: Some("schedule:sweep".to_owned()),
            payload: serde_json::json!({}),
            max_attempts: 1,
            run_at: None,
        };
        async move { add(connection, job).await.map(drop) }.boxed()
    }
}

fn report(job: &Run) -> Result<Uuid> {
    let id = job.payload.get("report").and_then(serde_json::Value::as_str);
    id.and_then(|id| id.parse().ok())
        .ok_or_else(|| Error::internal("the job of a report names none"))
}
