//! One task that runs the statements for all requests, one after another.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::moment::Moment;
use super::version::DataVersion;
use super::versions::Versions;
use crate::error::{Code, Error, Result};

/// How long one attempt to read the version may take.
const READ_TIMEOUT: Duration = Duration::from_secs(3);
/// Requests that share one statement at most; more wait for the next one.
const MAX_SHARED: usize = 1024;

type Reply = oneshot::Sender<Result<Versions>>;

/// What tells of the latest version that a task has read.
#[derive(Debug, Clone)]
pub(in crate::db) struct Told {
    /// Its number, 0 before any.
    pub(super) changed: watch::Sender<i64>,
    /// With those of the tables.
    pub(super) latest: watch::Sender<Option<Versions>>,
}

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
    /// Starts the task; also gives what tells of the latest version it has read.
    pub(in crate::db) fn start(
        of: Of,
        options: PgConnectOptions,
        tasks: &mut JoinSet<()>,
        stop: CancellationToken,
    ) -> (Self, Told) {
        let (sender, requests) = mpsc::channel(MAX_SHARED);
        let told = Told { changed: watch::Sender::new(0), latest: watch::Sender::new(None) };
        let (connection, last, read_at) = (None, None, None);
        let task = ReadTask { of, options, connection, last, read_at, told: told.clone() };
        tasks.spawn(task.run(requests, stop));
        (Self(sender), told)
    }

    pub(in crate::db) async fn current(&self) -> Result<Versions> {
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
    last: Option<Versions>,
    /// When they were read, if that can tell whether they are still right.
    read_at: Option<Moment>,
    told: Told,
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
                let _ = reply.send(found.as_ref().cloned().map_err(copy_of));
            }
        }
        if let Some(connection) = self.connection.take() {
            // Nothing depends on a clean close.
            let _ = connection.close().await;
        }
    }

    async fn read(&mut self) -> Result<Versions> {
        // An idle connection may have been lost unnoticed; a new one may still work.
        let mut found = if self.connection.is_some() { self.attempt().await } else { None };
        if found.as_ref().is_none_or(Result::is_err) {
            found = self.attempt().await;
        }
        let found = found.unwrap_or_else(|| {
            Err(Error::new(Code::Unavailable, "the database does not answer in time"))
        })?;
        // Not for each snapshot while triggers are disabled.
        if !self.last.as_ref().is_some_and(|last| is_same_commit(&last.all, &found.all)) {
            self.told.latest.send_replace(Some(found.clone()));
            self.told.changed.send_replace(found.all.version);
        }
        self.last = Some(found.clone());
        Ok(found)
    }

    /// The versions are read only where something was committed, those of the tables only where
    /// the version of all data has moved.
    async fn versions(&mut self, connection: &mut PgConnection) -> sqlx::Result<Versions> {
        if self.of == Of::Standby {
            return Ok(Versions::of_all(DataVersion::replayed(connection).await?));
        }
        // Before the versions: they may only be newer than it.
        let now = Moment::read(connection).await?;
        if let Some(last) = &self.last
            && now.is_some()
            && now == self.read_at
        {
            return Ok(last.clone());
        }
        let all = DataVersion::read(connection).await?;
        let versions = match &self.last {
            Some(last) if is_same_commit(&last.all, &all) => last.with(all),
            _ => Versions::read(connection).await?,
        };
        self.read_at = now;
        Ok(versions)
    }

    /// `None` on timeout. A failure drops the connection, which may still be busy with
    /// the abandoned statement.
    async fn attempt(&mut self) -> Option<Result<Versions>> {
        let connection = self.connection.take();
        let reading = async {
            let mut connection = match connection {
                Some(connection) => connection,
                None => PgConnection::connect_with(&self.options).await?,
            };
            let found = self.versions(&mut connection).await?;
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

/// Whether two versions are those of one commit.
fn is_same_commit(one: &DataVersion, other: &DataVersion) -> bool {
    (one.version, one.as_of) == (other.version, other.as_of)
}

/// Errors cannot be cloned; each waiting request gets a copy of its text.
fn copy_of(error: &Error) -> Error {
    Error::new(error.code(), error.message()).with_source(error.detail())
}
