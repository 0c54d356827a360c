//! Queues load runs: the run in the ledger and its job, both or none.

use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::work::Work;
use crate::config::LoadMode;
use crate::error::{Code, Error, Result};
use crate::job::queue::{self, NewJob, add, open};
use crate::job::task::Task;
use crate::load::{self, NewQueued, REFRESH_SOURCE, REPLAY_SOURCE, RejectSelection};

/// Attempts of a load's job.
const ATTEMPTS: u16 = 5;
/// Most load runs that may wait: they run one at a time.
const MAX_WAITING: i64 = 100;

/// A load to queue.
#[derive(Debug, Clone, Copy)]
pub struct NewLoad<'a> {
    /// Where it looks for files.
    pub source: &'a str,
    /// What it does with their rows.
    pub mode: LoadMode,
    /// Whether it is only a check.
    pub check: bool,
    /// With a key, nothing is queued while the job of an earlier one is open.
    pub key: Option<&'a str>,
}

/// Queues a load; gives its run, or nothing if the job with its key is open.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer, `CONFLICT` if too many runs wait.
pub async fn start_load(connection: &mut PgConnection, new: NewLoad<'_>) -> Result<Option<Uuid>> {
    let mode = new.mode.to_string();
    let work = Work::Load {
        run: Uuid::now_v7(),
        source: new.source.to_owned(),
        mode: mode.clone(),
        check: new.check,
    };
    let of = Queue {
        task: Task::Load,
        key: new.key,
        source: new.source,
        mode: &mode,
        is_check: new.check,
    };
    of.add(connection, &work).await
}

/// Queues a replay of rejects, of one of them perhaps with corrected text; gives its run.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer, `CONFLICT` if too many runs wait.
pub async fn start_replay(
    connection: &mut PgConnection,
    selection: RejectSelection,
    raw: Option<String>,
) -> Result<Option<Uuid>> {
    let work = Work::Replay { run: Uuid::now_v7(), selection, raw };
    let of = Queue { task: Task::ReplayRejects, key: None, source: REPLAY_SOURCE, ..Queue::MERGE };
    of.add(connection, &work).await
}

/// Queues a run that brings derived tables up to date; gives it, or nothing if the job with
/// the key is open.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer, `CONFLICT` if too many runs wait.
pub async fn start_refresh(
    connection: &mut PgConnection,
    key: Option<&str>,
) -> Result<Option<Uuid>> {
    let work = Work::Refresh { run: Uuid::now_v7() };
    let of = Queue { task: Task::DemandForecast, key, source: REFRESH_SOURCE, ..Queue::MERGE };
    of.add(connection, &work).await
}

/// Cancels a job that is queued or running, and its run if it is a load that has not begun;
/// one that has is stopped by its worker. Whether there was such a job.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn cancel(connection: &mut PgConnection, job: Uuid) -> Result<bool> {
    let mut transaction = connection.begin().await?;
    let canceled = queue::cancel(&mut transaction, job).await?;
    if canceled {
        load::cancel_queued(&mut transaction, job).await?;
    }
    transaction.commit().await?;
    Ok(canceled)
}

struct Queue<'a> {
    task: Task,
    key: Option<&'a str>,
    source: &'a str,
    mode: &'a str,
    is_check: bool,
}

impl Queue<'static> {
    const MERGE: Self =
        Self { task: Task::Load, key: None, source: "", mode: "merge", is_check: false };
}

impl Queue<'_> {
    async fn add(&self, connection: &mut PgConnection, work: &Work) -> Result<Option<Uuid>> {
        let mut transaction = connection.begin().await?;
        if let Some(key) = self.key
            && open(&mut transaction, key).await?.is_some()
        {
            return Ok(None);
        }
        let waiting: i64 =
            sqlx::query_scalar("SELECT count(*) FROM load_run WHERE state = 'queued'")
                .fetch_one(&mut *transaction)
                .await?;
        if waiting >= MAX_WAITING {
            let message = format!(
                "{waiting} load runs are waiting already: let workers run them, or cancel their \
                 jobs"
            );
            return Err(Error::new(Code::Conflict, message));
        }
        let job = NewJob {
            task: self.task,
            key: self.key.map(str::to_owned),
            payload: work.to_payload()?,
            max_attempts: ATTEMPTS,
            run_at: None,
        };
        let job = add(&mut transaction, job).await?;
        let new = NewQueued {
            run: work.run(),
            job,
            source_uri: self.source,
            mode: self.mode,
            is_check: self.is_check,
        };
        load::queue(&mut transaction, new).await?;
        transaction.commit().await?;
        Ok(Some(work.run()))
    }
}
