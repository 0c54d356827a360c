//! Connections for the statements of requests.
//!
//! A pool tests each connection that is returned to it, by a round trip that takes as long
//! as a small query. So connections are reused after successful statements, and returned
//! to the pool once they are idle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Error, Execute, Executor as _, Postgres, Result};
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// After which an idle connection is returned to the pool.
const IDLE_TIMEOUT: Duration = Duration::from_millis(500);
/// After which any connection is returned to the pool, which may have to close it.
const MAX_AGE: Duration = Duration::from_secs(60);

/// Connections of a pool. Clones share them.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    /// Statements wait here for a connection: the pool does not know the idle ones. There
    /// is one permit less than the pool has connections: health checks must not queue
    /// behind queries.
    permits: Semaphore,
    max_idle: usize,
    idle: Mutex<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    /// In the order of their last use.
    connections: Vec<Connection>,
    /// Whether a task returns them to the pool.
    is_reaped: bool,
}

#[derive(Debug)]
struct Connection {
    inner: PoolConnection<Postgres>,
    acquired: Instant,
    used: Instant,
}

/// A connection that executes a statement. Dropped before [`Lease::end`], it is closed,
/// for the request was cancelled; the pool would wait for the statement to end. Postgres
/// then cancels the statement: see the setting in [`connect`](super::pool::connect).
struct Lease<'a> {
    connections: &'a Connections,
    /// `Some` until the end.
    connection: Option<Connection>,
}

impl Connections {
    /// Wraps a pool.
    #[must_use]
    pub fn of(pool: PgPool) -> Self {
        let max = usize::try_from(pool.options().get_max_connections()).unwrap_or(usize::MAX);
        // A pool of one connection keeps none idle.
        let max_idle = max.saturating_sub(1).min(Semaphore::MAX_PERMITS);
        let (permits, idle) = (Semaphore::new(max_idle.max(1)), Mutex::default());
        Self(Arc::new(Inner { pool, permits, max_idle, idle }))
    }

    /// All rows of a query. Dropping the future cancels the query.
    ///
    /// # Errors
    /// Those of the query, and a timeout of the pool.
    pub async fn fetch_all<'q>(
        &self,
        query: impl Execute<'q, Postgres> + 'q,
    ) -> Result<Vec<PgRow>> {
        // No timeout: the caller has its own.
        let _permit = self.0.permits.acquire().await.map_err(|_| Error::PoolClosed)?;
        let mut lease = Lease { connections: self, connection: Some(self.take().await?) };
        let Some(connection) = &mut lease.connection else { return Err(Error::PoolClosed) };
        let rows = connection.inner.fetch_all(query).await;
        lease.end(rows.is_ok());
        rows
    }

    async fn take(&self) -> Result<Connection> {
        if let Some(idle) = self.0.idle().connections.pop() {
            return Ok(idle);
        }
        // Boxed: connecting has a large future, and every level of a document would hold it.
        let inner = Box::pin(self.0.pool.acquire()).await?;
        let now = Instant::now();
        Ok(Connection { inner, acquired: now, used: now })
    }

    /// Keeps a connection for the next statement, or returns it to the pool.
    fn release(&self, mut connection: Connection) {
        let mut idle = self.0.idle();
        let is_old = connection.acquired.elapsed() > MAX_AGE;
        if is_old || idle.connections.len() >= self.0.max_idle || self.0.pool.is_closed() {
            return;
        }
        connection.used = Instant::now();
        idle.connections.push(connection);
        if !idle.is_reaped {
            idle.is_reaped = true;
            tokio::spawn(reap(Arc::downgrade(&self.0)));
        }
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns idle connections to the pool until none is left.
async fn reap(inner: Weak<Inner>) {
    loop {
        sleep(IDLE_TIMEOUT).await;
        let Some(inner) = inner.upgrade() else { return };
        let mut idle = inner.idle();
        idle.connections.retain(|connection| connection.used.elapsed() < IDLE_TIMEOUT);
        if idle.connections.is_empty() {
            idle.is_reaped = false;
            return;
        }
    }
}

impl Lease<'_> {
    /// The statement has ended: all rows were read, or it failed; then the pool tests the
    /// connection.
    fn end(mut self, succeeded: bool) {
        if let Some(connection) = self.connection.take().filter(|_| succeeded) {
            self.connections.release(connection);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.inner.close_on_drop();
        }
    }
}
