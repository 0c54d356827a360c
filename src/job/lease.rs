//! The statements of one delivery of a job: it is begun, and then ended or put back.
//!
//! `delivery` and `runs` fence: an entry of the queue that is not the job's last is void,
//! and a worker that another has taken the job from changes nothing any more.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use super::task::{Task, of_code};
use crate::error::{Error, Result};

/// An entry of the queue.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Delivery {
    pub(super) id: Uuid,
    pub(super) delivery: i32,
}

/// A job that this worker has begun.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) id: Uuid,
    pub(super) task: Task,
    pub(super) attempt: i32,
    pub(super) max_attempts: i32,
    runs: i32,
    pub(super) payload: Value,
    pub(super) created_at: DateTime<Utc>,
    /// All its attempts were lost, and this is none.
    pub(super) is_exhausted: bool,
    /// The trace in which it was queued.
    pub(super) trace_context: Option<Value>,
}

/// The attempt is counted before the work, in a transaction of its own, so that it counts
/// also when this worker is killed. A job that is running here was lost by its worker.
const BEGIN: &str = "
WITH taken AS (
    SELECT id, attempts >= max_attempts AS is_exhausted FROM job
    WHERE id = $1 AND delivery = $2 AND state IN ('queued', 'running') FOR UPDATE)
UPDATE job SET state = 'running', attempts = least(attempts + 1, max_attempts),
    runs = runs + 1, worker = $3, started_at = coalesce(started_at, now())
FROM taken WHERE job.id = taken.id
RETURNING task, attempts, max_attempts, runs, payload, created_at, is_exhausted,
    trace_context";

/// Puts a job back: a new entry of the queue, which voids the old one.
const PUT_BACK: &str = "
WITH back AS (
    UPDATE job SET state = 'queued', delivery = delivery + 1, attempts = attempts - $3,
        run_at = now() + $4 * interval '1 millisecond', worker = NULL,
        error_code = $5, error_message = $6
    WHERE id = $1 AND runs = $2 AND state = 'running'
    RETURNING id, task, delivery, run_at)
SELECT true FROM back, LATERAL graphile_worker.add_job(
    identifier => back.task::text,
    payload => json_build_object('id', back.id, 'delivery', back.delivery),
    run_at => back.run_at, max_attempts => 32767) AS delivered";

/// Begins the job of an entry; `None` if the entry is void.
pub(super) async fn begin(pool: &PgPool, of: Delivery, worker: &str) -> Result<Option<Lease>> {
    let row = sqlx::query(BEGIN).bind(of.id).bind(of.delivery).bind(worker);
    let Some(row) = row.fetch_optional(pool).await? else { return Ok(None) };
    let task: String = row.try_get("task")?;
    let task = of_code(&task)
        .ok_or_else(|| Error::internal(format!("the task `{task}` of job {} is unknown", of.id)))?;
    Ok(Some(Lease {
        id: of.id,
        task,
        attempt: row.try_get("attempts")?,
        max_attempts: row.try_get("max_attempts")?,
        runs: row.try_get("runs")?,
        payload: row.try_get("payload")?,
        created_at: row.try_get("created_at")?,
        is_exhausted: row.try_get("is_exhausted")?,
        trace_context: row.try_get("trace_context")?,
    }))
}

/// Why and when a job goes back to the queue.
#[derive(Debug)]
pub(super) struct Back<'a> {
    pub(super) after: Duration,
    /// Whether the attempt counts.
    pub(super) counts: bool,
    pub(super) error: Option<&'a Error>,
}

impl Lease {
    /// Whether the job is still this worker's.
    pub(super) async fn is_held(&self, pool: &PgPool) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM job WHERE id = $1 AND runs = $2 AND state = 'running')",
        )
        .bind(self.id)
        .bind(self.runs)
        .fetch_one(pool)
        .await?)
    }

    /// The job is done.
    pub(super) async fn succeed(&self, pool: &PgPool) -> Result<()> {
        sqlx::query(
            "UPDATE job SET state = 'succeeded', finished_at = now(), payload = payload - 'raw', \
               error_code = NULL, error_message = NULL \
             WHERE id = $1 AND runs = $2 AND state = 'running'",
        )
        .bind(self.id)
        .bind(self.runs)
        .execute(pool)
        .await?;
        Ok(())
    }

    /// The job is given up.
    pub(super) async fn fail(&self, pool: &PgPool, error: &Error) -> Result<()> {
        sqlx::query(
            "UPDATE job SET state = 'failed', finished_at = now(), payload = payload - 'raw', \
               error_code = $3, error_message = $4 \
             WHERE id = $1 AND runs = $2 AND state = 'running'",
        )
        .bind(self.id)
        .bind(self.runs)
        .bind(error.code().as_str())
        .bind(storable(error.message()))
        .execute(pool)
        .await?;
        Ok(())
    }

    /// The job goes back to the queue.
    pub(super) async fn put_back(&self, pool: &PgPool, back: &Back<'_>) -> Result<()> {
        sqlx::query(PUT_BACK)
            .bind(self.id)
            .bind(self.runs)
            .bind(i32::from(!back.counts))
            .bind(i64::try_from(back.after.as_millis()).unwrap_or(i64::MAX))
            .bind(back.error.map(|error| error.code().as_str()))
            .bind(back.error.map(|error| storable(error.message())))
            .execute(pool)
            .await?;
        Ok(())
    }
}

/// Wakes the idle places of all workers if there is something to do. The library takes one
/// job for each notification it has room for, and would leave the rest to its next poll.
pub(super) async fn wake_others(pool: &PgPool) -> Result<()> {
    sqlx::query(
        "SELECT pg_notify('jobs:insert', '') \
         WHERE EXISTS (SELECT FROM job WHERE state = 'queued' AND run_at <= now())",
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A message may quote a file; Postgres' `text` cannot hold NUL.
fn storable(message: &str) -> String {
    message.replace('\0', "\u{fffd}")
}
