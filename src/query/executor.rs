//! The connections that use-cases read over.

use std::sync::Arc;

use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Execute, Postgres};
use tokio::sync::Mutex;

use crate::db::connections::Connections;
use crate::db::data_version::{DataVersion, Reads};
use crate::db::layout::{KnownLayout, Layout};
use crate::db::replicas::{Replica, Replicas};
use crate::db::row_security::RowSecurity;
use crate::db::snapshot::{Snapshot, SnapshotOptions, Snapshots};
use crate::db::statement_span::{statement_failed, statement_span};
use crate::error::Result;
use crate::telemetry::trace::{self, Span, Underway};

/// Reads from Postgres on behalf of a caller.
#[derive(Debug, Clone)]
pub struct Reader {
    connections: Connections,
    layout: Arc<KnownLayout>,
    replicas: Option<Replicas>,
    /// Where statements are executed as long as it answers.
    replica: Option<Arc<Replica>>,
    /// Where all statements see one moment.
    snapshot: Option<Arc<Mutex<Snapshot>>>,
    /// Collects what they read.
    reads: Option<Arc<Reads>>,
}

impl Reader {
    /// A reader over this pool. Only the conditions of its statements hide rows.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self::over(Connections::of(pool))
    }

    /// Likewise, with row-level security behind the conditions if it is on.
    #[must_use]
    pub fn with_row_security(pool: PgPool, row_security: RowSecurity) -> Self {
        Self::over(Connections::with_row_security(pool, row_security))
    }

    fn over(connections: Connections) -> Self {
        let layout = Arc::default();
        Self { connections, layout, replicas: None, replica: None, snapshot: None, reads: None }
    }

    /// The same, with metrics of its statements under this name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { connections: self.connections.named(name), ..self }
    }

    /// Its connections to the main database.
    #[must_use]
    pub const fn connections(&self) -> &Connections {
        &self.connections
    }

    /// Its connections to the main database, then those to replicas.
    pub fn all_connections(&self) -> impl Iterator<Item = &Connections> {
        let replicas = self.replicas.iter().flat_map(Replicas::connections);
        std::iter::once(&self.connections).chain(replicas)
    }

    /// The same, with replicas of its database, which answer in its place where they can.
    #[must_use]
    pub fn with_replicas(self, replicas: Replicas) -> Self {
        Self { replicas: Some(replicas), ..self }
    }

    /// The same, where nothing older is read than this version of the data: over a replica that
    /// has it, else over the main database. Without a version, because the main database does
    /// not tell it, the newest one counts that it ever told.
    pub(crate) async fn at(&self, version: Option<DataVersion>) -> Self {
        let replica = match (&self.replicas, &self.snapshot) {
            (Some(replicas), None) => replicas.choose(version).await,
            _ => None,
        };
        Self { replica, ..self.clone() }
    }

    /// The same, which collects the tables that its statements read from here on.
    pub(crate) fn noting(&self) -> (Self, Arc<Reads>) {
        let reads = Arc::new(Reads::default());
        (Self { reads: Some(Arc::clone(&reads)), ..self.clone() }, reads)
    }

    /// Notes the tables of a statement, as if it had been executed.
    pub(super) fn note(&self, sql: &str) {
        if let Some(reads) = &self.reads {
            reads.note(sql);
        }
    }

    /// Whether what was read since [`Self::at`] was certainly not older than that version, and
    /// of the main database's commits.
    pub(crate) async fn is_still_at(&self, version: Option<&DataVersion>) -> bool {
        match &self.replica {
            Some(replica) => replica.still_has(version).await,
            None => true,
        }
    }

    /// The replicas of its database.
    pub(crate) fn replicas(&self) -> Option<&Replicas> {
        self.replicas.as_ref()
    }

    /// Closes the pools.
    pub async fn close(&self) {
        self.pool().close().await;
        for replica in self.replicas.iter().flat_map(Replicas::connections) {
            replica.pool().close().await;
        }
    }

    /// The same, with all statements in a snapshot, one after another. It must have been begun
    /// for the territories of the scopes that are read with.
    pub(super) fn within(&self, snapshot: Snapshot) -> Self {
        Self { snapshot: Some(Arc::new(Mutex::new(snapshot))), ..self.clone() }
    }

    /// The snapshot, if it is of one and nothing else reads in it.
    pub(super) fn into_snapshot(self) -> Option<Snapshot> {
        Arc::into_inner(self.snapshot?).map(Mutex::into_inner)
    }

    /// The pool of the main database.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        self.connections.pool()
    }

    /// Whether row-level security stands behind the conditions of its statements.
    #[must_use]
    pub fn row_security(&self) -> RowSecurity {
        self.connections.row_security()
    }

    /// Where the tables are.
    ///
    /// # Errors
    /// As any query, as long as it is not known.
    pub(super) async fn layout(&self) -> Result<Layout> {
        Ok(self.layout.get(self.pool()).await?)
    }

    /// Begins a snapshot of now, as [`Snapshots::begin`] does.
    ///
    /// # Errors
    /// As it does.
    pub(super) async fn snapshots(
        &self,
        options: SnapshotOptions<'_>,
        with_second: bool,
    ) -> Result<Snapshots> {
        if let Some(replica) = &self.replica
            && let Some(begun) = replica.snapshots(options, with_second).await
        {
            return Ok(begun);
        }
        Snapshots::begin(&self.connections, options, with_second).await
    }

    /// All rows of a query, which reads only of these territories.
    ///
    /// # Errors
    /// As any query.
    pub(super) async fn fetch_all<'q, Q>(
        &self,
        territories: Option<&[i32]>,
        query: impl Fn() -> Q,
    ) -> Result<Vec<PgRow>>
    where
        Q: Execute<'q, Postgres> + 'q,
    {
        self.note(query().sql().as_str());
        let span = self.span(|| query().sql().as_str().to_owned());
        let underway = Underway::of(span.as_ref());
        let fetched = trace::within(span.as_ref(), self.fetch(territories, query)).await;
        underway.ended();
        if let (Some(span), Err(error)) = (&span, &fetched) {
            statement_failed(span, error);
        }
        Ok(fetched?)
    }

    async fn fetch<'q, Q>(
        &self,
        territories: Option<&[i32]>,
        query: impl Fn() -> Q,
    ) -> sqlx::Result<Vec<PgRow>>
    where
        Q: Execute<'q, Postgres> + 'q,
    {
        if let Some(snapshot) = &self.snapshot {
            return snapshot.lock().await.fetch_all(query()).await;
        }
        if let Some(replica) = &self.replica
            && let Some(fetched) = replica.fetch_all_within(territories, &query).await
        {
            return fetched;
        }
        self.connections.fetch_all_within(territories, query).await
    }

    /// The span of a statement, if its request is recorded.
    pub(super) fn span(&self, sql: impl FnOnce() -> String) -> Option<Span> {
        let at = self.replica.as_ref().map_or(&self.connections, |replica| replica.connections());
        trace::is_on().then(|| statement_span(sql, &at.pool().connect_options())).flatten()
    }
}

impl From<PgPool> for Reader {
    fn from(pool: PgPool) -> Self {
        Self::new(pool)
    }
}
