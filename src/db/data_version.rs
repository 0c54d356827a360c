//! The version of the data, asked for by each request and never out of date.
//!
//! Postgres moves `data_version` in every transaction that changes what a query
//! can see. A request may rely on a version only if the statement that told it
//! began after the request came in: then no client can have seen a commit that the
//! version lacks. One statement for each request would double the work of small
//! ones, so those that wait share the next one; nobody joins the one under way,
//! which may have looked before they came.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, PgPool};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::data_listener::Listener;
use crate::error::{Code, Error, Result};

/// How long one try to learn the version may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Requests that wait for one statement at most; more wait for the one after it.
const MOST_AT_ONCE: usize = 1024;

/// A version of all data. Two that are equal mean the same rows: the number alone
/// does not, since a crash of Postgres may undo commits and give theirs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataVersion {
    /// Greater after each commit.
    pub version: i64,
    /// When that commit was made.
    pub as_of: DateTime<Utc>,
}

type Question = oneshot::Sender<Result<DataVersion>>;

/// Tells the data's version. Clones share two connections: one to ask, one to be
/// told of changes.
#[derive(Debug, Clone)]
pub struct DataVersions {
    asker: Asker,
    changes: watch::Receiver<i64>,
    stop: CancellationToken,
    /// Ended with the last clone.
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl DataVersions {
    /// Begins to watch the database that a pool reads. `main` is where commits are
    /// made and told of: the same database, or the one that the pool's replicates.
    ///
    /// Needs a runtime. Whether Postgres can be reached shows when it is asked.
    #[must_use]
    pub fn start(pool: &PgPool, main: PgConnectOptions) -> Self {
        let (sender, questions) = mpsc::channel(MOST_AT_ONCE);
        let (changed, changes) = watch::channel(0);
        let stop = CancellationToken::new();
        let asker = Asker(sender);
        let checks = Checks {
            options: pool.connect_options().as_ref().clone(),
            connection: None,
            last: None,
            changed,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(checks.run(questions, stop.clone()));
        tasks.spawn(
            Listener::new(main.application_name("salesgraph"), asker.clone()).run(stop.clone()),
        );
        Self { asker, changes, stop, tasks: Arc::new(Mutex::new(tasks)) }
    }

    /// The version now: told by a statement that begins after this call.
    ///
    /// # Errors
    /// `UNAVAILABLE` when Postgres does not answer.
    pub async fn current(&self) -> Result<DataVersion> {
        self.asker.current().await
    }

    /// The number of the last version that was seen, 0 before any; it moves soon
    /// after a commit, whether someone asks or not. What was answered before may be
    /// dropped then. It is no promise: see [`Self::current`].
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<i64> {
        self.changes.clone()
    }

    /// Ends the watch and closes its connections; also for all clones.
    pub async fn close(&self) {
        self.stop.cancel();
        let mut tasks = self.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }
}

/// The way to ask.
#[derive(Debug, Clone)]
pub(super) struct Asker(mpsc::Sender<Question>);

impl Asker {
    pub(super) async fn current(&self) -> Result<DataVersion> {
        let (question, answer) = oneshot::channel();
        let ended = || Error::new(Code::Unavailable, "the server is stopping");
        self.0.send(question).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

/// One statement after the other, each for all who came before it began.
struct Checks {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    last: Option<DataVersion>,
    changed: watch::Sender<i64>,
}

impl Checks {
    async fn run(mut self, mut questions: mpsc::Receiver<Question>, stop: CancellationToken) {
        let mut asked = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                count = questions.recv_many(&mut asked, MOST_AT_ONCE) => if count == 0 { break },
            }
            // Whoever comes from here on stays in the channel.
            let found = self.check().await;
            for question in asked.drain(..) {
                // Who has gone meanwhile needs no answer.
                let _ = question.send(found.as_ref().copied().map_err(same));
            }
        }
        if let Some(connection) = self.connection.take() {
            // It has served; that it is closed in good order matters to nobody.
            let _ = connection.close().await;
        }
    }

    async fn check(&mut self) -> Result<DataVersion> {
        // An idle connection may have been lost without a sign: then a new one may do.
        let mut found = if self.connection.is_some() { self.attempt().await } else { None };
        if found.as_ref().is_none_or(Result::is_err) {
            found = self.attempt().await;
        }
        let found = found.unwrap_or_else(|| {
            Err(Error::new(Code::Unavailable, "the database does not answer in time"))
        })?;
        if self.last.replace(found) != Some(found) {
            self.changed.send_replace(found.version);
        }
        Ok(found)
    }

    /// None when it takes too long. After a failure there is no connection: it may
    /// still be busy with the statement that was given up.
    async fn attempt(&mut self) -> Option<Result<DataVersion>> {
        let connection = self.connection.take();
        let asking = async {
            let mut connection = match connection {
                Some(connection) => connection,
                None => PgConnection::connect_with(&self.options).await?,
            };
            let (version, as_of) = sqlx::query_as("SELECT version, as_of FROM data_version")
                .fetch_one(&mut connection)
                .await?;
            Ok((connection, DataVersion { version, as_of }))
        };
        match timeout(PATIENCE, asking).await.ok()? {
            Ok((connection, found)) => {
                self.connection = Some(connection);
                Some(Ok(found))
            }
            Err(sqlx::Error::RowNotFound) => {
                Some(Err(Error::internal("the table data_version has no row")))
            }
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// An error for another one who waited.
fn same(error: &Error) -> Error {
    Error::new(error.code(), error.message()).with_source(error.detail())
}
