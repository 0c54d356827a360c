//! How many jobs there are, and which.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use crate::error::Result;

/// The jobs of a task that are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Code of the task.
    pub task: String,
    /// Code of the state.
    pub state: String,
    /// Their number.
    pub jobs: i64,
}

/// Counts the jobs by task and state. Ended jobs are counted as long as they are kept.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn counts(pool: &PgPool) -> Result<Vec<Count>> {
    let rows = sqlx::query(
        "SELECT task, state, count(*) AS jobs FROM job GROUP BY task, state ORDER BY task, state",
    )
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Count {
                task: row.try_get("task")?,
                state: row.try_get("state")?,
                jobs: row.try_get("jobs")?,
            })
        })
        .collect()
}

/// A job as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredJob {
    /// Its id.
    pub id: Uuid,
    /// Code of its task.
    pub task: String,
    /// Code of its state.
    pub state: String,
    /// Attempts begun.
    pub attempts: i32,
    /// Attempts after which it is given up.
    pub max_attempts: i32,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Its last failure.
    pub error: Option<String>,
}

/// The newest jobs, of one state if one is given.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn list(pool: &PgPool, state: Option<&str>, limit: u32) -> Result<Vec<StoredJob>> {
    let rows = sqlx::query(
        "SELECT id, task, state, attempts, max_attempts, created_at, finished_at, \
           concat_ws(': ', error_code, error_message) AS error \
         FROM job WHERE state = coalesce($1, state) ORDER BY id DESC LIMIT $2",
    )
    .bind(state)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            let error: String = row.try_get("error")?;
            Ok(StoredJob {
                id: row.try_get("id")?,
                task: row.try_get("task")?,
                state: row.try_get("state")?,
                attempts: row.try_get("attempts")?,
                max_attempts: row.try_get("max_attempts")?,
                created_at: row.try_get("created_at")?,
                finished_at: row.try_get("finished_at")?,
                error: Some(error).filter(|error| !error.is_empty()),
            })
        })
        .collect()
}
