//! Connections that run statements somebody waits for.
//!
//! A pool tests each connection that is returned to it, by a round trip that takes
//! as long as a small query. So those of statements that went well are kept for the
//! next ones, and return to the pool when they have not been needed for a moment.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Error, Execute, Executor as _, Postgres, Result};
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// A connection that is not needed for so long returns to the pool.
const KEPT_FOR: Duration = Duration::from_millis(500);
/// So does one that was taken from it so long ago, whether needed or not: it may be
/// time to close it.
const TAKEN_FOR: Duration = Duration::from_secs(60);

/// Connections of a pool. Clones share them.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    /// Who waits for a connection waits here, for the pool does not know of those that
    /// are kept. There is one turn less than the pool has connections: who asks whether
    /// Postgres can be reached must not wait behind all that is asked of it.
    turns: Semaphore,
    most_kept: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The latest last.
    connections: Vec<Connection>,
    /// Whether a task looks after them.
    is_watched: bool,
}

#[derive(Debug)]
struct Connection {
    inner: PoolConnection<Postgres>,
    taken: Instant,
    used: Instant,
}

/// A connection under a statement. Dropped before [`Lease::end`] it is closed and
/// not returned: whoever waited for the statement gave up. The pool would otherwise
/// keep it busy until the statement has ended by itself. Postgres, told to look by
/// [`connect`](super::pool::connect), notices and ends the statement.
struct Lease<'a> {
    of: &'a Connections,
    /// There until its end.
    connection: Option<Connection>,
}

impl Connections {
    /// Those of a pool.
    #[must_use]
    pub fn of(pool: PgPool) -> Self {
        let most = usize::try_from(pool.options().get_max_connections()).unwrap_or(usize::MAX);
        // Of a single one everybody must have a share.
        let most_kept = most.saturating_sub(1).min(Semaphore::MAX_PERMITS);
        let (turns, kept) = (Semaphore::new(most_kept.max(1)), Mutex::default());
        Self(Arc::new(Inner { pool, turns, most_kept, kept }))
    }

    /// All rows of a query. Who drops this cancels it.
    ///
    /// # Errors
    /// As any query; also when the pool opens no connection in time.
    pub async fn fetch_all<'q>(
        &self,
        query: impl Execute<'q, Postgres> + 'q,
    ) -> Result<Vec<PgRow>> {
        // Who has no time left gives up by himself: many may wait for few connections.
        let _turn = self.0.turns.acquire().await.map_err(|_| Error::PoolClosed)?;
        let mut lease = Lease { of: self, connection: Some(self.take().await?) };
        let Some(connection) = &mut lease.connection else { return Err(Error::PoolClosed) };
        let rows = connection.inner.fetch_all(query).await;
        lease.end(rows.is_ok());
        rows
    }

    async fn take(&self) -> Result<Connection> {
        if let Some(kept) = self.0.kept().connections.pop() {
            return Ok(kept);
        }
        // Connecting takes much of a stack, which is that of all levels of a document.
        let inner = Box::pin(self.0.pool.acquire()).await?;
        let now = Instant::now();
        Ok(Connection { inner, taken: now, used: now })
    }

    /// Keeps a connection for the next statement, or returns it to the pool.
    fn keep(&self, mut connection: Connection) {
        let mut kept = self.0.kept();
        let is_old = connection.taken.elapsed() > TAKEN_FOR;
        if is_old || kept.connections.len() >= self.0.most_kept || self.0.pool.is_closed() {
            return;
        }
        connection.used = Instant::now();
        kept.connections.push(connection);
        if !kept.is_watched {
            kept.is_watched = true;
            tokio::spawn(watch(Arc::downgrade(&self.0)));
        }
    }
}

impl Inner {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what is not needed to the pool, until nothing is kept any more.
async fn watch(of: Weak<Inner>) {
    loop {
        sleep(KEPT_FOR).await;
        let Some(inner) = of.upgrade() else { return };
        let mut kept = inner.kept();
        kept.connections.retain(|connection| connection.used.elapsed() < KEPT_FOR);
        if kept.connections.is_empty() {
            kept.is_watched = false;
            return;
        }
    }
}

impl Lease<'_> {
    /// The statement has ended: its answer was read to the end, or is an error, after
    /// which the pool looks whether the connection is good.
    fn end(mut self, went_well: bool) {
        if let Some(connection) = self.connection.take().filter(|_| went_well) {
            self.of.keep(connection);
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
