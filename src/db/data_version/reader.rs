//! One task that runs the statements for all requests, one after another.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::error::{Code, Error, Result};

/// How long one attempt to read the version may take.
const READ_TIMEOUT: Duration = Duration::from_secs(3);
/// Requests that share one statement at most; more wait for the next one.
const MAX_SHARED: usize = 1024;

/// A version of all data. Equal versions mean the same rows. The number alone does
/// not: a crash of Postgres may undo commits and assign their numbers again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataVersion {
    /// Greater after each commit.
    pub version: i64,
    /// When that commit was made.
    pub as_of: DateTime<Utc>,
    /// 0 while all changes move the version. Otherwise, because somebody has disabled
    /// triggers, another number for each snapshot of the database.
    pub unwatched: i64,
}

impl DataVersion {
    /// The version that the connection's snapshot has.
    ///
    /// # Errors
    /// `RowNotFound` if it has none, and as any query.
    pub(crate) async fn read(connection: &mut PgConnection) -> sqlx::Result<Self> {
        Self::fetch(connection, "SELECT version, as_of, unwatched FROM data_state").await
    }

    /// The version that a standby has replayed.
    ///
    /// # Errors
    /// `RowNotFound` if it is no standby, and as any query.
    async fn replayed(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let of_standby =
            "SELECT version, as_of, unwatched FROM data_state WHERE pg_is_in_recovery()";
        Self::fetch(connection, of_standby).await
    }

    async fn fetch(connection: &mut PgConnection, query: &'static str) -> sqlx::Result<Self> {
        let (version, as_of, unwatched) = sqlx::query_as(query).fetch_one(connection).await?;
        Ok(Self { version, as_of, unwatched })
    }
}

type Reply = oneshot::Sender<Result<DataVersion>>;

/// A handle to the reading task.
#[derive(Debug, Clone)]
pub(in crate::db) struct VersionReader(mpsc::Sender<Reply>);

/// Whose version is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) enum Of {
    /// Where commits are made.
    Main,
    /// What follows it. A database that is none, such as a promoted one or a subscriber, counts
    /// its own versions: they tell nothing about those of the main one.
    Standby,
}

impl VersionReader {
    /// Starts the task; also gives what holds the number of the latest version it has read.
    pub(in crate::db) fn start(
        of: Of,
        options: PgConnectOptions,
        tasks: &mut JoinSet<()>,
        stop: CancellationToken,
    ) -> (Self, watch::Sender<i64>) {
        let (sender, requests) = mpsc::channel(MAX_SHARED);
        let changed = watch::Sender::new(0);
        let task = ReadTask { of, options, connection: None, last: None, changed: changed.clone() };
        tasks.spawn(task.run(requests, stop));
        (Self(sender), changed)
    }

    pub(in crate::db) async fn current(&self) -> Result<DataVersion> {
        let (reply, answer) = oneshot::channel();
        let stopped = || Error::new(Code::Unavailable, "the server is stopping");
        self.0.send(reply).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

struct ReadTask {
    of: Of,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    last: Option<DataVersion>,
    changed: watch::Sender<i64>,
}

impl ReadTask {
    async fn run(mut self, mut requests: mpsc::Receiver<Reply>, stop: CancellationToken) {
        let mut waiting = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                count = requests.recv_many(&mut waiting, MAX_SHARED) => if count == 0 { break },
            }
            // Requests that arrive from here on stay in the channel.
            let found = self.read().await;
            for reply in waiting.drain(..) {
                // A receiver that was dropped needs no answer.
                let _ = reply.send(found.as_ref().copied().map_err(copy_of));
            }
        }
        if let Some(connection) = self.connection.take() {
            // Nothing depends on a clean close.
            let _ = connection.close().await;
        }
    }

    async fn read(&mut self) -> Result<DataVersion> {
        // An idle connection may have been lost unnoticed; a new one may still work.
        let mut found = if self.connection.is_some() { self.attempt().await } else { None };
        if found.as_ref().is_none_or(Result::is_err) {
            found = self.attempt().await;
        }
        let found = found.unwrap_or_else(|| {
            Err(Error::new(Code::Unavailable, "the database does not answer in time"))
        })?;
        // Not for each snapshot while triggers are disabled.
        let of = |found: DataVersion| (found.version, found.as_of);
        if self.last.replace(found).map(of) != Some(of(found)) {
            self.changed.send_replace(found.version);
        }
        Ok(found)
    }

    /// `None` on timeout. A failure drops the connection, which may still be busy with
    /// the abandoned statement.
    async fn attempt(&mut self) -> Option<Result<DataVersion>> {
        let connection = self.connection.take();
        let reading = async {
            let mut connection = match connection {
                Some(connection) => connection,
                None => PgConnection::connect_with(&self.options).await?,
            };
            let found = match self.of {
                Of::Main => DataVersion::read(&mut connection).await?,
                Of::Standby => DataVersion::replayed(&mut connection).await?,
            };
            Ok((connection, found))
        };
        match timeout(READ_TIMEOUT, reading).await.ok()? {
            Ok((connection, found)) => {
                self.connection = Some(connection);
                Some(Ok(found))
            }
            Err(sqlx::Error::RowNotFound) => Some(Err(match self.of {
                Of::Main => Error::internal("the table data_version has no row"),
                Of::Standby => {
                    Error::new(Code::Config, "it is no standby that follows the main database")
                }
            })),
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// Errors cannot be cloned; each waiting request gets a copy of its text.
fn copy_of(error: &Error) -> Error {
    Error::new(error.code(), error.message()).with_source(error.detail())
}
