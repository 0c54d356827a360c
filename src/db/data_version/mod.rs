//! The version of the data, read for each request and never stale.
//!
//! Postgres increments `data_version` in every transaction that changes what a query
//! can see. A request may rely on a version only if the statement that read it began
//! after the request arrived: then no client can have seen a commit that the version
//! lacks. One statement for each request would double the work of small ones, so
//! waiting requests share the next statement; none joins the one that is running,
//! which may have taken its snapshot before they arrived.
//!
//! Beside the version of all data there is that of each table, `table_version`. Who knows which
//! tables an answer was read from knows by them whether it is still right.

mod listener;
mod moment;
mod reader;
mod reads;
pub mod tables;
mod version;
mod versions;

use std::sync::Arc;

use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(super) use reader::{Of, VersionReader};
pub use reads::Reads;
pub use version::DataVersion;
pub use versions::Versions;

use crate::error::Result;
use listener::Listener;
use reader::Told;

/// Reads the data's version. Clones share two connections: one to query, one to
/// receive notifications.
#[derive(Debug, Clone)]
pub struct DataVersions {
    reader: VersionReader,
    changes: watch::Receiver<i64>,
    latest: watch::Receiver<Option<Versions>>,
    stop: CancellationToken,
    /// Aborted with the last clone.
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl DataVersions {
    /// Starts watching the database of a pool; `listen` is how to connect to it for
    /// notifications, past what pools connections.
    ///
    /// Needs a runtime; connects when first used.
    #[must_use]
    pub fn start(pool: &PgPool, listen: PgConnectOptions) -> Self {
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let options = pool.connect_options().as_ref().clone();
        let (reader, Told { changed, latest }) =
            VersionReader::start(Of::Main, options, &mut tasks, stop.clone());
        let (changes, latest) = (changed.subscribe(), latest.subscribe());
        let listen = listen.application_name("salesgraph");
        tasks.spawn(Listener::new(listen, reader.clone(), changed).run(stop.clone()));
        Self { reader, changes, latest, stop, tasks: Arc::new(Mutex::new(tasks)) }
    }

    /// The versions now, read by a statement that begins after this call.
    ///
    /// # Errors
    /// `UNAVAILABLE` when Postgres does not answer.
    pub async fn current(&self) -> Result<Versions> {
        self.reader.current().await
    }

    /// The number of the latest version seen, 0 before any. It changes soon after a
    /// commit, also without requests, so that older answers can be dropped. It is sent
    /// again, unchanged, when a job or a report has changed. Only [`Self::current`] is never
    /// stale.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<i64> {
        self.changes.clone()
    }

    /// The latest versions seen. They change soon after a commit, as [`Self::changes`] does.
    pub(crate) fn latest(&self) -> watch::Receiver<Option<Versions>> {
        self.latest.clone()
    }

    /// Stops watching and closes the connections; also for all clones.
    pub async fn close(&self) {
        self.stop.cancel();
        let mut tasks = self.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }
}
