//! Commands: the work of a mutation's root fields, before their row is read.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPool};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::graphql::inputs::arguments::Given;
use crate::load::BatchLimits;
use crate::query::{Key, Reader};

/// Runs a command and returns the key of its row, which the payload is over.
pub type Run = for<'a> fn(Command<'a>) -> BoxFuture<'a, Result<Key>>;

/// The resources of commands. Clones share the work under way.
#[derive(Debug, Clone)]
pub struct Commands {
    pub(crate) pool: PgPool,
    /// Reads from the main database, because a replica lags behind.
    pub(crate) reader: Reader,
    pub(crate) database: PgConnectOptions,
    pub(crate) limits: BatchLimits,
    patience: Duration,
    pub(crate) stop: CancellationToken,
    /// Each task under way holds a receiver.
    running: watch::Sender<()>,
}

/// One command under way.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// The fields of its argument `input`.
    pub(crate) input: Given<'a>,
    pub(crate) commands: &'a Commands,
    /// When the request is answered even if the work is still under way.
    pub(crate) deadline: Instant,
}

impl Commands {
    /// Commands on the main database. They read by this reader, and write by its pool or by
    /// connections of their own. A request waits up to `patience` for their work; `stop` ends
    /// work early.
    #[must_use]
    pub fn new(
        reader: impl Into<Reader>,
        database: PgConnectOptions,
        limits: BatchLimits,
        patience: Duration,
        stop: CancellationToken,
    ) -> Self {
        let (reader, running) = (reader.into(), watch::Sender::default());
        let pool = reader.pool().clone();
        Self { pool, reader, database, limits, patience, stop, running }
    }

    /// How to connect to the main database.
    #[must_use]
    pub fn database(&self) -> PgConnectOptions {
        self.database.clone()
    }

    /// When a request that begins now stops waiting.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// Waits until no work is under way.
    pub async fn ended(&self) {
        self.running.closed().await;
    }
}

impl Command<'_> {
    /// Does work in a task of its own, which continues when the client disconnects or the
    /// deadline passes. The work sends the key of its row once that is committed; from then
    /// on the row records how the work ends.
    pub(crate) async fn detach<W>(
        self,
        work: impl FnOnce(oneshot::Sender<Uuid>) -> W,
    ) -> Result<Uuid>
    where
        W: Future<Output = Result<()>> + Send + 'static,
    {
        let (begin, begun) = oneshot::channel();
        let (work, running) = (work(begin), self.commands.running.subscribe());
        let task = tokio::spawn(async move {
            let ended = work.await;
            drop(running);
            ended
        });
        let panicked = |panic| Error::internal("a command panicked").with_source(panic);
        let Ok(key) = begun.await else {
            task.await.map_err(panicked)??;
            return Err(Error::internal("a command ended without a row"));
        };
        if let Ok(Err(panic)) = timeout_at(self.deadline, task).await {
            return Err(panicked(panic));
        }
        Ok(key)
    }
}
