//! The ledger's statements of runs that jobs run: queued, put back, given up, and checks.

use sqlx::types::Json;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::failure::LoadResult;
use super::ledger::{commit_to_disk, storable};
use super::run::known::{Ending, holder};
use super::run::summary::{FileSummary, RunSummary};
use crate::error::{Code, Error, Result};

/// A run to queue.
#[derive(Debug, Clone, Copy)]
pub struct NewQueued<'a> {
    /// Its id.
    pub run: Uuid,
    /// The job that runs it.
    pub job: Uuid,
    /// Where it looks for files.
    pub source_uri: &'a str,
    /// The code of its mode.
    pub mode: &'a str,
    /// Whether it is a check.
    pub is_check: bool,
}

/// Most findings of a check that are kept.
const FINDINGS: usize = 200;

/// Inserts a run that waits for its job.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn queue(connection: &mut PgConnection, new: NewQueued<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO load_run (id, state, job_id, source_uri, mode, is_check, started_at) \
         VALUES ($1, 'queued', $2, $3, $4, $5, NULL)",
    )
    .bind(new.run)
    .bind(new.job)
    .bind(new.source_uri)
    .bind(new.mode)
    .bind(new.is_check)
    .execute(connection)
    .await?;
    Ok(())
}

/// Cancels the run of a job if it is queued.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn cancel_queued(connection: &mut PgConnection, job: Uuid) -> Result<()> {
    sqlx::query(
        "UPDATE load_run SET state = 'canceled', finished_at = now() \
         WHERE job_id = $1 AND state = 'queued'",
    )
    .bind(job)
    .execute(connection)
    .await?;
    Ok(())
}

/// Begins a queued run, or goes on with one that an earlier attempt has begun.
pub(super) async fn begin(connection: &mut PgConnection, run: Uuid) -> LoadResult<()> {
    let begun = sqlx::query(
        "UPDATE load_run SET state = 'running', holder = $2, \
           started_at = coalesce(started_at, now()) \
         WHERE id = $1 AND state IN ('queued', 'running')",
    )
    .bind(run)
    .bind(holder())
    .execute(connection)
    .await?;
    if begun.rows_affected() == 1 {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, format!("the run {run} has ended or was canceled")).into())
}

/// Puts a run back whose job goes back to the queue; one whose job is over was canceled.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn put_back(connection: &mut PgConnection, run: Uuid) -> Result<()> {
    Ok(queue_again(connection, run).await?)
}

/// Likewise, telling lost connections apart.
pub(super) async fn queue_again(connection: &mut PgConnection, run: Uuid) -> LoadResult<()> {
    sqlx::query(
        "UPDATE load_run SET state = CASE WHEN is_open THEN 'queued' ELSE 'canceled' END, \
           finished_at = CASE WHEN is_open THEN NULL ELSE now() END \
         FROM (SELECT EXISTS (SELECT FROM load_run JOIN job ON job.id = job_id \
           WHERE load_run.id = $1 AND job.state IN ('queued', 'running')) AS is_open) AS job \
         WHERE id = $1 AND state = 'running'",
    )
    .bind(run)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a run whose job was given up, unless it has ended by itself.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer, and those of `ending`.
pub async fn give_up(
    connection: &mut PgConnection,
    run: Uuid,
    error: &Error,
    ending: Option<&dyn Ending>,
) -> Result<()> {
    let mut transaction = connection.begin().await?;
    let ended = sqlx::query(
        "UPDATE load_run SET state = 'failed', finished_at = now(), error_code = $2, \
           error_message = $3 WHERE id = $1 AND state IN ('queued', 'running')",
    )
    .bind(run)
    .bind(error.code().as_str())
    .bind(storable(error.message()))
    .execute(&mut *transaction)
    .await?;
    if let (1, Some(ending)) = (ended.rows_affected(), ending) {
        ending.ended(&mut transaction, run).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Begins a check, beside whatever run there is.
///
/// # Errors
/// `CONFLICT` if the run has ended or was canceled.
pub async fn begin_check(connection: &mut PgConnection, run: Uuid) -> Result<()> {
    Ok(begin(connection, run).await?)
}

/// Ends a check with what it found, if it has not ended.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer, and those of `ending`.
pub async fn end_check(
    connection: &mut PgConnection,
    run: Uuid,
    summary: &RunSummary,
    ending: Option<&dyn Ending>,
) -> Result<()> {
    let error = summary.first_error();
    let mut transaction = connection.begin().await?;
    commit_to_disk(&mut transaction).await?;
    let ended = sqlx::query(
        "UPDATE load_run SET state = $2, finished_at = now(), files_found = $3, \
           check_counts = $4, error_code = $5, error_message = $6 \
         WHERE id = $1 AND state = 'running'",
    )
    .bind(run)
    .bind(summary.outcome.as_str())
    .bind(i32::try_from(summary.files_found).unwrap_or(i32::MAX))
    .bind(Json(&summary.totals))
    .bind(error.map(|error| error.code))
    .bind(error.map(|error| storable(&error.message)))
    .execute(&mut *transaction)
    .await?;
    if ended.rows_affected() == 1 {
        let findings = summary.files.iter().flat_map(findings).take(FINDINGS);
        for (number, finding) in (1_i32..).zip(findings) {
            finding.insert(&mut transaction, run, number).await?;
        }
        if let Some(ending) = ending {
            ending.ended(&mut transaction, run).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// What a check says of a file.
struct Finding<'a> {
    key: &'a str,
    line: Option<i64>,
    column: Option<&'a str>,
    reason: &'a str,
    message: &'a str,
}

fn findings(file: &FileSummary) -> impl Iterator<Item = Finding<'_>> {
    let key = file.key.as_str();
    let failed = file.error.iter().map(move |error| Finding {
        key,
        line: None,
        column: None,
        reason: error.code,
        message: &error.message,
    });
    failed.chain(file.samples.iter().map(move |sample| Finding {
        key: sample.key.as_deref().unwrap_or(key),
        line: i64::try_from(sample.line).ok().filter(|line| *line > 0),
        column: sample.column.as_deref(),
        reason: sample.reason,
        message: &sample.message,
    }))
}

impl Finding<'_> {
    async fn insert(&self, connection: &mut PgConnection, run: Uuid, number: i32) -> Result<()> {
        sqlx::query(
            "INSERT INTO load_finding \
               (run_id, number, object_key, line, column_name, reason, message) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(run)
        .bind(number)
        .bind(self.key)
        .bind(self.line)
        .bind(self.column)
        .bind(self.reason)
        .bind(storable(self.message))
        .execute(connection)
        .await?;
        Ok(())
    }
}
