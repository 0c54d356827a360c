//! The connections that use-cases read over.

use std::sync::Arc;

use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Execute, Postgres};
use tokio::sync::Mutex;

use crate::db::connections::Connections;
use crate::db::row_security::RowSecurity;
use crate::db::snapshot::Snapshot;
use crate::error::Result;

/// Reads from Postgres on behalf of a caller.
#[derive(Debug, Clone)]
pub struct Reader {
    connections: Connections,
    /// Where all statements see one moment.
    snapshot: Option<Arc<Mutex<Snapshot>>>,
}

impl Reader {
    /// A reader over this pool. Only the conditions of its statements hide rows.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { connections: Connections::of(pool), snapshot: None }
    }

    /// Likewise, with row-level security behind the conditions if it is on.
    #[must_use]
    pub fn with_row_security(pool: PgPool, row_security: RowSecurity) -> Self {
        let connections = Connections::with_row_security(pool, row_security);
        Self { connections, snapshot: None }
    }

    /// The same, with all statements in a snapshot, one after another. It must have been begun
    /// for the territories of the scopes that are read with.
    pub(super) fn within(&self, snapshot: Snapshot) -> Self {
        let snapshot = Some(Arc::new(Mutex::new(snapshot)));
        Self { connections: self.connections.clone(), snapshot }
    }

    /// The snapshot, if it is of one and nothing else reads in it.
    pub(super) fn into_snapshot(self) -> Option<Snapshot> {
        Arc::into_inner(self.snapshot?).map(Mutex::into_inner)
    }

    /// The pool it reads over.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        self.connections.pool()
    }

    /// Whether row-level security stands behind the conditions of its statements.
    #[must_use]
    pub fn row_security(&self) -> RowSecurity {
        self.connections.row_security()
    }

    pub(super) const fn connections(&self) -> &Connections {
        &self.connections
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
        let fetched = match &self.snapshot {
            Some(snapshot) => snapshot.lock().await.fetch_all(query()).await,
            None => self.connections.fetch_all_within(territories, query).await,
        };
        Ok(fetched?)
    }
}

impl From<PgPool> for Reader {
    fn from(pool: PgPool) -> Self {
        Self::new(pool)
    }
}
