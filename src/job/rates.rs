//! The jobs of currency rates: fetching them, and storing what was fetched.

use std::sync::Arc;

use chrono::Utc;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::background::Background;
use super::handler::{Handler, Run};
use super::queue::{NewJob, add};
use super::retry::is_transient;
use super::schedule::Due;
use super::task::Task;
use crate::config::RatesConfig;
use crate::error::{Code, Error, Result};
use crate::lake::Lake;
use crate::rates::{Fetcher, RatesRequest, RawQueue, SqsQueue, default_request, store};

/// Attempts of a job, against losses of S3 and Postgres: the API itself is asked several times
/// by one of them.
const ATTEMPTS: u16 = 5;
/// Most jobs that may wait to fetch rates.
const MAX_WAITING: i64 = 100;

/// Queues a fetch; gives its job, or that of the same request which is queued or runs already.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer, `CONFLICT` if too many wait.
pub async fn start_rates(connection: &mut PgConnection, request: &RatesRequest) -> Result<Uuid> {
    let waiting: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM job WHERE task = 'refresh_rates' AND state = 'queued'",
    )
    .fetch_one(&mut *connection)
    .await?;
    if waiting >= MAX_WAITING {
        let message = format!(
            "{waiting} jobs wait to fetch rates already: let workers run them, or cancel them"
        );
        return Err(Error::new(Code::Conflict, message));
    }
    let payload = serde_json::to_value(request)
        .map_err(|error| Error::internal("a job cannot be written").with_source(error))?;
    let job = NewJob {
        task: Task::RefreshRates,
        key: Some(format!("rates:{payload}")),
        payload,
        max_attempts: ATTEMPTS,
        run_at: None,
    };
    add(connection, job).await
}

/// Queues that raw answers are stored; gives the job.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn start_store(connection: &mut PgConnection, raw_uris: &[String]) -> Result<Uuid> {
    let job = NewJob {
        task: Task::StoreRates,
        key: None,
        payload: json!({ "objects": raw_uris }),
        max_attempts: ATTEMPTS,
        run_at: None,
    };
    add(connection, job).await
}

/// Fetches rates: the payload is the request.
pub struct RefreshRates {
    /// What fetches them.
    pub fetcher: Fetcher,
    /// What takes the answers.
    pub queue: Arc<dyn RawQueue>,
}

impl Handler for RefreshRates {
    fn run<'a>(&'a self, job: &'a Run) -> BoxFuture<'a, Result<()>> {
        async move {
            let request: RatesRequest =
                serde_json::from_value(job.payload.clone()).map_err(|error| {
                    let message = "the job is of another version of this program";
                    Error::new(Code::Conflict, message).with_source(error)
                })?;
            self.fetcher.fetch(&request, &*self.queue, &job.stop).await.map(drop)
        }
        .boxed()
    }

    fn gave_up<'a>(&'a self, _job: &'a Run, _error: &'a Error) -> BoxFuture<'a, Result<()>> {
        // The job itself is where it is looked for.
        std::future::ready(Ok(())).boxed()
    }
}

/// Stores raw answers: the payload is `{"objects": [address]}`.
#[derive(Debug, Clone)]
pub struct StoreRates {
    /// Where they are.
    pub lake: Lake,
    /// The main database.
    pub pool: PgPool,
}

impl Handler for StoreRates {
    fn run<'a>(&'a self, job: &'a Run) -> BoxFuture<'a, Result<()>> {
        async move {
            let mut outcome = Ok(());
            for uri in objects(&job.payload) {
                if job.stop.is_cancelled() {
                    return Err(Error::new(Code::Conflict, "interrupted"));
                }
                let stored = store(&self.lake, &self.pool, uri).await.map(drop);
                match &stored {
                    Err(error) if is_transient(error) => return stored,
                    // One that is gone keeps none of the others from being stored.
                    Err(_) if outcome.is_ok() => outcome = stored,
                    _ => {}
                }
            }
            outcome
        }
        .boxed()
    }

    fn gave_up<'a>(&'a self, _job: &'a Run, _error: &'a Error) -> BoxFuture<'a, Result<()>> {
        // The answer stays raw in the lake, and the job says why.
        std::future::ready(Ok(())).boxed()
    }
}

fn objects(payload: &Value) -> impl Iterator<Item = &str> {
    let objects = payload.get("objects").and_then(Value::as_array);
    objects.into_iter().flatten().filter_map(Value::as_str)
}

/// The queue of jobs, between fetching and storing.
#[derive(Debug, Clone)]
pub struct JobQueue(pub PgPool);

impl RawQueue for JobQueue {
    fn put<'a>(&'a self, raw_uri: &'a str) -> BoxFuture<'a, Result<()>> {
        async move {
            let mut connection = self.0.acquire().await?;
            start_store(&mut connection, &[raw_uri.to_owned()]).await.map(drop)
        }
        .boxed()
    }
}

/// Stores what comes by a queue of SQS.
#[derive(Debug, Clone)]
pub struct SqsWork {
    /// The queue.
    pub queue: SqsQueue,
    /// Where the answers are.
    pub lake: Lake,
    /// The main database.
    pub pool: PgPool,
}

impl Background for SqsWork {
    fn run(&self, stop: CancellationToken) -> BoxFuture<'_, ()> {
        async move { self.queue.work(&self.lake, &self.pool, &stop).await }.boxed()
    }
}

/// A fetch of the last days.
#[derive(Debug, Clone)]
pub struct ScheduledRates(pub RatesConfig);

impl Due for ScheduledRates {
    fn add<'a>(&'a self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<()>> {
        let request = default_request(&self.0, Utc::now().date_naive());
        async move { start_rates(connection, &request).await.map(drop) }.boxed()
    }
}
