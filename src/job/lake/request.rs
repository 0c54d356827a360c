//! Asking, and waiting for the answer.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool, Row as _};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::super::queue::{NewJob, add};
use super::super::task::Task;
use crate::error::{Code, Error, Result};
use crate::lake::Question;
use crate::lake::curated::SalesState;

/// Most questions that wait at a time; more are refused.
const MOST_WAITING: i64 = 50;
/// Attempts of a job: a worker may be killed, S3 away for a moment.
const ATTEMPTS: u16 = 3;
/// A question that nobody has waited for as long is not answered any more.
const WANTED_SECONDS: i32 = 10;
/// How long an answer is kept after somebody has read it.
const KEPT_SECONDS: i32 = 300;
/// How often who waits says so.
const SIGN: Duration = Duration::from_secs(3);
/// Pauses between looks at an answer of which no notification came.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// With no worker at it for so long, nobody is there who answers.
const NOBODY_AFTER: Duration = Duration::from_secs(20);

/// Where questions are asked.
#[derive(Debug, Clone)]
pub struct LakeAnswers {
    pool: PgPool,
    changes: Option<watch::Receiver<i64>>,
}

/// What became of a question so far.
struct Seen {
    is_answered: bool,
    /// Whether its job waits, and no other is being done.
    is_idle: bool,
}

impl LakeAnswers {
    /// By the main database.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self { pool, changes: None }
    }

    /// The same, with what is told of changes of jobs: so it is looked at at once.
    #[must_use]
    pub fn with_changes(self, changes: watch::Receiver<i64>) -> Self {
        Self { changes: Some(changes), ..self }
    }

    /// The pool of the main database.
    #[must_use]
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Asks, unless somebody has asked the same of the same table, and waits for the answer.
    /// Dropped before, nobody waits any more, and the job is stopped soon. The answer can be read
    /// for some minutes.
    ///
    /// # Errors
    /// Those of the engine; `LAKE_UNAVAILABLE` if no worker takes the job, `UNAVAILABLE` if too
    /// many wait already.
    pub async fn ask(&self, state: &SalesState, question: &Question) -> Result<Uuid> {
        let id = self.begin(state, question).await?;
        let mut changes = self.changes.clone();
        let (mut pause, mut signed) = (FIRST_PAUSE, Instant::now());
        let mut idle_since = None;
        loop {
            if let Some(changes) = &mut changes {
                changes.mark_unchanged();
            }
            let seen = self.look(id).await?;
            if seen.is_answered {
                self.want(id, KEPT_SECONDS).await?;
                return Ok(id);
            }
            // Between a worker that was killed and the next one it is idle for a moment.
            let idle = idle_since.take().filter(|_| seen.is_idle);
            let idle = seen.is_idle.then(|| idle.unwrap_or_else(Instant::now));
            idle_since = idle;
            if idle.is_some_and(|since| since.elapsed() > NOBODY_AFTER) {
                let message = "no worker answers questions to the lake: run `salesgraph worker` of \
                               a build with the feature lake-engine, with LAKE_URI set";
                return Err(Error::new(Code::LakeUnavailable, message));
            }
            if signed.elapsed() > SIGN {
                self.want(id, WANTED_SECONDS).await?;
                signed = Instant::now();
            }
            let changed = async {
                let is_told = match &mut changes {
                    Some(changes) => changes.changed().await.is_ok(),
                    None => false,
                };
                // Nobody tells of changes, or who did has ended: the pause remains.
                if !is_told {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                () = changed => {}
            }
        }
    }

    async fn begin(&self, state: &SalesState, question: &Question) -> Result<Uuid> {
        let question = serde_json::to_value(question)
            .map_err(|error| Error::internal("a question cannot be written").with_source(error))?;
        let key = Sha256::new()
            .chain_update(state.metadata.as_bytes())
            .chain_update([0])
            .chain_update(question.to_string())
            .finalize();
        let mut transaction = self.pool.begin().await?;
        sweep(&mut transaction).await?;
        let id = Uuid::now_v7();
        let known: Uuid = sqlx::query_scalar(
            "INSERT INTO lake_answer (id, key, metadata, data_version, question, wanted_until) \
             VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6)) \
             ON CONFLICT (key) DO UPDATE SET wanted_until = CASE lake_answer.state \
                 WHEN 'failed' THEN lake_answer.wanted_until \
                 ELSE greatest(lake_answer.wanted_until, excluded.wanted_until) END \
             RETURNING id",
        )
        .bind(id)
        .bind(key.as_slice())
        .bind(&state.metadata)
        .bind(state.lake_version)
        .bind(question)
        .bind(f64::from(WANTED_SECONDS))
        .fetch_one(&mut *transaction)
        .await?;
        if known == id {
            add_job(&mut transaction, id).await?;
        }
        transaction.commit().await?;
        Ok(known)
    }

    async fn want(&self, id: Uuid, seconds: i32) -> Result<()> {
        sqlx::query(
            "UPDATE lake_answer \
             SET wanted_until = greatest(wanted_until, now() + make_interval(secs => $2)) \
             WHERE id = $1 AND state <> 'failed'",
        )
        .bind(id)
        .bind(f64::from(seconds))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn look(&self, id: Uuid) -> Result<Seen> {
        let row = sqlx::query(
            "SELECT lake_answer.state, lake_answer.error_code, lake_answer.error_message, \
                 job.state AS job, NOT EXISTS (SELECT FROM job AS other \
                     WHERE other.task = 'lake_query' AND other.state = 'running') AS is_idle \
             FROM lake_answer LEFT JOIN job ON job.id = job_id WHERE lake_answer.id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else {
            let message = "the answer of the lake is not there any more; ask again";
            return Err(Error::new(Code::Unavailable, message));
        };
        let (state, job): (String, Option<String>) = (row.try_get(0)?, row.try_get("job")?);
        match (state.as_str(), job.as_deref()) {
            ("succeeded", _) => Ok(Seen { is_answered: true, is_idle: false }),
            ("failed", _) => {
                let code: Option<String> = row.try_get("error_code")?;
                let message: Option<String> = row.try_get("error_message")?;
                Err(Error::new(code_of(code.as_deref()), message.unwrap_or_default()))
            }
            (_, Some("queued")) => {
                Ok(Seen { is_answered: false, is_idle: row.try_get("is_idle")? })
            }
            // Between the end of a job and this look it may have answered.
            (_, Some("running" | "succeeded")) => Ok(Seen { is_answered: false, is_idle: false }),
            _ => {
                let message = "the job that reads the lake was canceled";
                Err(Error::new(Code::Conflict, message))
            }
        }
    }
}

async fn add_job(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    let waiting: i64 =
        sqlx::query_scalar("SELECT count(*) FROM lake_answer WHERE state = 'queued'")
            .fetch_one(&mut *connection)
            .await?;
    if waiting > MOST_WAITING {
        let message = format!("{MOST_WAITING} questions to the lake wait already: ask again later");
        return Err(Error::new(Code::Unavailable, message));
    }
    let job = NewJob {
        task: Task::LakeQuery,
        key: Some(format!("lake:{id}")),
        payload: serde_json::json!({ "answer": id }),
        max_attempts: ATTEMPTS,
        run_at: None,
    };
    let job = add(connection, job).await?;
    sqlx::query("UPDATE lake_answer SET job_id = $2 WHERE id = $1")
        .bind(id)
        .bind(job)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes what nobody wants any more.
pub(in crate::job) async fn sweep(connection: &mut PgConnection) -> Result<()> {
    sqlx::query(
        "DELETE FROM lake_answer WHERE id IN (SELECT id FROM lake_answer \
         WHERE wanted_until < now() LIMIT 100 FOR UPDATE SKIP LOCKED)",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The code that a worker has noted.
fn code_of(text: Option<&str>) -> Code {
    const NOTED: [Code; 7] = [
        Code::LakeLimit,
        Code::LakeUnsupported,
        Code::LakeOutdated,
        Code::LakeUnavailable,
        Code::Conflict,
        Code::Timeout,
        Code::Unavailable,
    ];
    let found = NOTED.into_iter().find(|code| Some(code.as_str()) == text);
    found.unwrap_or(Code::Unavailable)
}
