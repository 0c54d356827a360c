//! Adding jobs and canceling them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::span;
use super::task::{Task, code};
use crate::error::{Code, Error, Result};
use crate::telemetry::trace::Carrier;

/// A job to add.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// What it does.
    pub task: Task,
    /// With a key, only one such job is queued or running at a time.
    pub key: Option<String>,
    /// What the task needs to know. What is under `raw` is removed when the job has ended.
    pub payload: Value,
    /// Attempts after which it is given up.
    pub max_attempts: u16,
    /// When it may begin; `None` for at once.
    pub run_at: Option<DateTime<Utc>>,
}

/// How often a key may be found and its job have ended before it is read.
const TRIES: usize = 5;

/// The row and its delivery in one statement: both or none, with or without a transaction of
/// the caller. The library's own attempts are not used.
const ADD: &str = "
WITH added AS (
    INSERT INTO job (id, task, job_key, payload, max_attempts, run_at, trace_context)
    VALUES ($1, $2, $3, $4, $5, coalesce($6, now()), $7)
    ON CONFLICT (job_key) WHERE state IN ('queued', 'running') DO NOTHING
    RETURNING id, task, delivery, run_at)
SELECT added.id FROM added, LATERAL graphile_worker.add_job(
    identifier => added.task::text,
    payload => json_build_object('id', added.id, 'delivery', added.delivery),
    run_at => added.run_at, max_attempts => 32767) AS delivered";

/// Adds a job; gives its id, or that of the open job with the same key. It is visible to
/// workers when the caller's transaction commits.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer, `CONFLICT` if the transaction cannot see the
/// open job with this key.
pub async fn add(connection: &mut PgConnection, job: NewJob) -> Result<Uuid> {
    let span = span::queued(job.task);
    let trace = span.as_ref().map_or_else(Carrier::current, |span| Carrier::of(span.context()));
    for _ in 0..TRIES {
        let id = Uuid::now_v7();
        let added: Option<Uuid> = sqlx::query_scalar(ADD)
            .bind(id)
            .bind(code(job.task))
            .bind(&job.key)
            .bind(&job.payload)
            .bind(i32::from(job.max_attempts.max(1)))
            .bind(job.run_at)
            .bind(&trace)
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(added) = added {
            return Ok(added);
        }
        // It may have ended in the meantime.
        if let Some(open) = open(connection, job.key.as_deref().unwrap_or_default()).await? {
            return Ok(open);
        }
    }
    Err(Error::new(Code::Conflict, "a job with this key is changing; try again"))
}

/// The queued or running job with this key.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn open(connection: &mut PgConnection, key: &str) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM job WHERE job_key = $1 AND state IN ('queued', 'running')",
    )
    .bind(key)
    .fetch_optional(connection)
    .await?)
}

/// Cancels a job that is queued or running; whether it was. A worker that is at it notices
/// within two seconds and stops it.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn cancel(connection: &mut PgConnection, id: Uuid) -> Result<bool> {
    let canceled = sqlx::query(
        "UPDATE job SET state = 'canceled', finished_at = now(), payload = payload - 'raw' \
         WHERE id = $1 AND state IN ('queued', 'running')",
    )
    .bind(id)
    .execute(connection)
    .await?;
    Ok(canceled.rows_affected() == 1)
}
