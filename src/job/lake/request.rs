//! Asking, and waiting for the answer.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool, Row as _};
use tokio::sync::{Semaphore, SemaphorePermit, watch};
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
/// Requests of a server that wait at a time, unless it is told otherwise.
const WAITERS: usize = 16;
/// A question that nobody has waited for as long is not answered any more.
const WANTED_SECONDS: i32 = 10;
/// Likewise, once its lines are read: a scan may take longer than a request, whose caller asks
/// again and finds it.
const READING_SECONDS: i32 = 120;
/// How long an answer is kept after somebody has read it.
const KEPT_SECONDS: i32 = 300;
/// How often who waits says so.
const SIGN: Duration = Duration::from_secs(3);
/// Pauses between looks at an answer of which no notification came.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// With no worker at it for so long, nobody is there who answers.
const NOBODY_AFTER: Duration = Duration::from_secs(20);

/// What is said of a question whose job has ended, but not by its answer.
pub(super) const WITHOUT_ANSWER: &str =
    "the job that reads the lake was canceled, or has ended without an answer: ask again";

/// Where questions are asked.
#[derive(Debug, Clone)]
pub struct LakeAnswers {
    pool: PgPool,
    changes: Option<watch::Receiver<i64>>,
    /// One for each request that waits.
    places: Arc<Semaphore>,
}

/// A question, and the key of its answer.
struct Asking {
    key: Vec<u8>,
    metadata: String,
    question: serde_json::Value,
}

/// What became of a question so far.
struct Seen {
    is_answered: bool,
    /// Whether a worker is at it.
    is_read: bool,
    /// Whether its job waits, and no other is being done.
    is_idle: bool,
}

impl LakeAnswers {
    /// By the main database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, changes: None, places: Arc::new(Semaphore::new(WAITERS)) }
    }

    /// The same, with so many requests that wait at a time.
    #[must_use]
    pub fn with_waiters(self, waiters: usize) -> Self {
        let places = Arc::new(Semaphore::new(waiters.clamp(1, Semaphore::MAX_PERMITS)));
        Self { places, ..self }
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
    /// Dropped before, nobody waits any more, and the job is stopped soon, or after some minutes
    /// if it had begun. The answer can be read for some minutes.
    ///
    /// # Errors
    /// Those of the engine; `LAKE_UNAVAILABLE` if no worker takes the job, `UNAVAILABLE` if too
    /// many wait already.
    pub async fn ask(&self, state: &SalesState, question: &Question) -> Result<Uuid> {
        let question = Asking::new(state, question)?;
        if let Some(id) = self.known(&question).await? {
            return Ok(id);
        }
        let _place = self.place()?;
        let id = self.begin(&question).await?;
        let mut changes = self.changes.clone();
        let (mut pause, mut signed) = (FIRST_PAUSE, Instant::now());
        let (mut idle_since, mut is_known_to_be_read) = (None, false);
        loop {
            if let Some(changes) = &mut changes {
                changes.mark_unchanged();
            }
            let seen = self.look(id).await?;
            if seen.is_answered {
                self.keep(id).await?;
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
            let is_first_of_read = seen.is_read && !is_known_to_be_read;
            is_known_to_be_read |= seen.is_read;
            if signed.elapsed() > SIGN || is_first_of_read {
                let seconds = if seen.is_read { READING_SECONDS } else { WANTED_SECONDS };
                self.want(id, seconds).await?;
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

    /// Confirms that an answer is still there, and keeps it for some minutes. Without this, one
    /// that is gone looks like one without groups.
    ///
    /// # Errors
    /// `UNAVAILABLE` if it is not.
    pub async fn keep(&self, id: Uuid) -> Result<()> {
        let kept = sqlx::query(
            "UPDATE lake_answer \
             SET wanted_until = greatest(wanted_until, now() + make_interval(secs => $2)) \
             WHERE id = $1 AND state = 'succeeded'",
        )
        .bind(id)
        .bind(f64::from(KEPT_SECONDS))
        .execute(&self.pool)
        .await?;
        if kept.rows_affected() == 1 { Ok(()) } else { Err(gone()) }
    }

    /// A place among those who wait.
    fn place(&self) -> Result<SemaphorePermit<'_>> {
        self.places.try_acquire().map_err(|_| {
            let message = "as many requests of this server wait for the lake as may: ask again \
                           later, or with engine: POSTGRES";
            Error::new(Code::Unavailable, message)
        })
    }

    /// The answer, if somebody else has had it.
    async fn known(&self, asking: &Asking) -> Result<Option<Uuid>> {
        Ok(sqlx::query_scalar(
            "UPDATE lake_answer \
             SET wanted_until = greatest(wanted_until, now() + make_interval(secs => $2)) \
             WHERE key = $1 AND state = 'succeeded' RETURNING id",
        )
        .bind(asking.key.as_slice())
        .bind(f64::from(KEPT_SECONDS))
        .fetch_optional(&self.pool)
        .await?)
    }

    async fn begin(&self, asking: &Asking) -> Result<Uuid> {
        let mut transaction = self.pool.begin().await?;
        // Of a job that has ended no answer comes any more, so another one is added.
        sqlx::query(
            "UPDATE lake_answer SET state = 'failed', error_code = $2, error_message = $3 \
             WHERE key = $1 AND state = 'queued' AND NOT EXISTS (SELECT FROM job \
                 WHERE job.id = job_id AND job.state IN ('queued', 'running'))",
        )
        .bind(asking.key.as_slice())
        .bind(Code::Conflict.as_str())
        .bind(WITHOUT_ANSWER)
        .execute(&mut *transaction)
        .await?;
        let id = Uuid::now_v7();
        let known: Uuid = sqlx::query_scalar(
            "INSERT INTO lake_answer (id, key, metadata, question, wanted_until) \
             VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5)) \
             ON CONFLICT (key) WHERE state <> 'failed' DO UPDATE \
                 SET wanted_until = greatest(lake_answer.wanted_until, excluded.wanted_until) \
             RETURNING id",
        )
        .bind(id)
        .bind(asking.key.as_slice())
        .bind(&asking.metadata)
        .bind(&asking.question)
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
        let row = row.ok_or_else(gone)?;
        let (state, job): (String, Option<String>) = (row.try_get(0)?, row.try_get("job")?);
        match (state.as_str(), job.as_deref()) {
            ("succeeded", _) => Ok(Seen { is_answered: true, is_read: false, is_idle: false }),
            ("failed", _) => {
                let code: Option<String> = row.try_get("error_code")?;
                let message: Option<String> = row.try_get("error_message")?;
                Err(Error::new(code_of(code.as_deref()), message.unwrap_or_default()))
            }
            (_, Some("queued")) => {
                let is_idle = row.try_get("is_idle")?;
                Ok(Seen { is_answered: false, is_read: false, is_idle })
            }
            (_, Some("running")) => Ok(Seen { is_answered: false, is_read: true, is_idle: false }),
            // The answer of a job is committed before its end.
            _ => Err(Error::new(Code::Conflict, WITHOUT_ANSWER)),
        }
    }
}

impl Asking {
    fn new(state: &SalesState, question: &Question) -> Result<Self> {
        let question = serde_json::to_value(question)
            .map_err(|error| Error::internal("a question cannot be written").with_source(error))?;
        let key = Sha256::new()
            .chain_update(state.metadata.as_bytes())
            .chain_update([0])
            .chain_update(question.to_string())
            .finalize();
        Ok(Self { key: key.to_vec(), metadata: state.metadata.clone(), question })
    }
}

fn gone() -> Error {
    Error::new(Code::Unavailable, "the answer of the lake is not there any more: ask again")
}

async fn add_job(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    let waiting: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM lake_answer WHERE state = 'queued' AND wanted_until > now()",
    )
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
