//! Connections for the statements of requests.
//!
//! A pool tests each connection that is returned to it, by a round trip that takes as long
//! as a small query. So connections are reused after successful statements, and returned
//! to the pool once they are idle.
//!
//! With row-level security, a session is put under the role of the caller by a message of its
//! own. A statement so takes a connection that already is as it needs, and switches another
//! only when no more may be opened. The pool gets connections back as it gave them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgPool, PgRow};
use sqlx::{
    AssertSqlSafe, Connection as _, Error, Execute, Executor as _, PgConnection, Postgres, Result,
    raw_sql,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::connection::Connection;
use super::row_security::{RowSecurity, Session};
use super::sessions;
use super::usage::{Executing, Observed, Usage};

/// After which an idle connection is returned to the pool, unless something else is said.
const IDLE_TIMEOUT: Duration = Duration::from_millis(500);
/// After which any connection is returned to the pool, which may have to close it.
const MAX_AGE: Duration = Duration::from_secs(60);

/// Connections of a pool. Clones share them.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    row_security: RowSecurity,
    /// Statements wait here for a connection: the pool does not know the idle ones. There
    /// is one permit less than the pool has connections: health checks must not queue
    /// behind queries.
    permits: Arc<Semaphore>,
    /// How many permits there are.
    most: usize,
    /// Statements that take long hold one of these, too: half of the connections are left to
    /// the others.
    long: Arc<Semaphore>,
    max_idle: usize,
    idle_timeout: Duration,
    idle: Mutex<Idle>,
    metrics: Observed,
}

#[derive(Debug, Default)]
struct Idle {
    /// In the order of their last use.
    connections: Vec<Connection>,
    /// Whether a task returns them to the pool.
    is_reaped: bool,
}

/// A connection that executes a statement. Dropped before [`Lease::end`], it is closed,
/// for the request was cancelled; the pool would wait for the statement to end. Postgres
/// then cancels the statement: see the setting in [`connect`](super::pool::connect).
#[derive(Debug)]
pub(super) struct Lease {
    connections: Connections,
    /// `Some` until the end.
    connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

/// The right to hold connections for long.
#[derive(Debug)]
pub(super) struct LongLease(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl Connections {
    /// Wraps a pool, without row-level security.
    #[must_use]
    pub fn of(pool: PgPool) -> Self {
        Self::with_row_security(pool, RowSecurity::Off)
    }

    /// Wraps a pool.
    #[must_use]
    pub fn with_row_security(pool: PgPool, row_security: RowSecurity) -> Self {
        Self::with_idle_timeout(pool, row_security, IDLE_TIMEOUT)
    }

    /// The same, with another time after which an idle connection is returned to the pool.
    #[must_use]
    pub fn with_idle_timeout(
        pool: PgPool,
        row_security: RowSecurity,
        idle_timeout: Duration,
    ) -> Self {
        let max = usize::try_from(pool.options().get_max_connections()).unwrap_or(usize::MAX);
        // A pool of one connection keeps none idle.
        let max_idle = max.saturating_sub(1).min(Semaphore::MAX_PERMITS);
        let most = max_idle.max(1);
        let (permits, idle) = (Arc::new(Semaphore::new(most)), Mutex::default());
        let long = Arc::new(Semaphore::new((most / 2).max(1)));
        Self(Arc::new(Inner {
            pool,
            row_security,
            permits,
            most,
            long,
            max_idle,
            idle_timeout,
            idle,
            metrics: Observed::default(),
        }))
    }

    /// Counts its statements under this name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.0.metrics.name(name);
        self
    }

    /// How many connections there are.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage::of(&self.0.pool).with_kept(self.0.idle().connections.len())
    }

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// All rows of a query, which only reads. Dropping the future cancels the query.
    ///
    /// # Errors
    /// Those of the query, and a timeout of the pool.
    pub async fn fetch_all<'q, Q>(&self, query: impl Fn() -> Q) -> Result<Vec<PgRow>>
    where
        Q: Execute<'q, Postgres> + 'q,
    {
        self.fetch_all_within(None, query).await
    }

    /// The rows of a query that are of these territories, as far as row-level security tells;
    /// `None` is no limit. Dropping the future cancels the query.
    ///
    /// A connection may have been lost since it was last used, and what it has prepared may be
    /// of a schema that has changed: then the query is executed once more on a new one.
    ///
    /// # Errors
    /// Those of the query, and a timeout of the pool.
    pub async fn fetch_all_within<'q, Q>(
        &self,
        territories: Option<&[i32]>,
        query: impl Fn() -> Q,
    ) -> Result<Vec<PgRow>>
    where
        Q: Execute<'q, Postgres> + 'q,
    {
        let permit = self.permit().await?;
        // Without a connection there is no other attempt.
        let mut is_new = true;
        let executing = self.0.metrics.begin();
        let fetched = async {
            let lease = self.lend(self.take(territories).await?, permit);
            is_new = lease.connection.as_ref().is_some_and(Connection::is_new);
            self.fetch_on(lease, territories, query()).await
        };
        let fetched = fetched.await;
        executing.ended(fetched.is_ok());
        match fetched {
            Err(error) if !is_new && sessions::may_succeed_on_another(&error) => {
                tracing::info!(%error, "repeating a query on a new connection");
                sessions::note(&error);
                self.0.idle().connections.drain(..).for_each(Connection::close);
                let permit = self.permit().await?;
                let executing = self.0.metrics.begin();
                let fetched = async {
                    let lease = self.new_lease(permit).await?;
                    self.fetch_on(lease, territories, query()).await
                };
                let fetched = fetched.await;
                executing.ended(fetched.is_ok());
                fetched
            }
            fetched => fetched,
        }
    }

    /// Likewise, without another attempt.
    pub(super) async fn fetch_all_once<'q>(
        &self,
        territories: Option<&[i32]>,
        query: impl Execute<'q, Postgres> + 'q,
    ) -> Result<Vec<PgRow>> {
        let permit = self.permit().await?;
        let executing = self.0.metrics.begin();
        let fetched = async {
            let lease = self.lend(self.take(territories).await?, permit);
            self.fetch_on(lease, territories, query).await
        };
        let fetched = fetched.await;
        executing.ended(fetched.is_ok());
        fetched
    }

    async fn fetch_on<'q>(
        &self,
        mut lease: Lease,
        territories: Option<&[i32]>,
        query: impl Execute<'q, Postgres> + 'q,
    ) -> Result<Vec<PgRow>> {
        let Some(connection) = &mut lease.connection else { return Err(Error::PoolClosed) };
        let row_security = self.0.row_security;
        if !row_security.serves(&connection.session, territories) {
            // If it fails, the connection is closed.
            let (session, sql) = row_security.switch(territories);
            connection.inner.execute(raw_sql(AssertSqlSafe(sql))).await?;
            connection.session = session;
        }
        let rows = connection.inner.fetch_all(query).await;
        match &rows {
            // It is closed.
            Err(error) if sessions::may_succeed_on_another(error) => drop(lease),
            _ => lease.end(rows.is_ok()),
        }
        rows
    }

    /// Waits for a connection without a timeout: the caller has its own.
    async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        self.0.metrics.acquire(&self.0.permits).await.map_err(|_| Error::PoolClosed)
    }

    /// A connection that has executed nothing yet. Those that the pool has are closed.
    async fn new_lease(&self, permit: OwnedSemaphorePermit) -> Result<Lease> {
        for _ in 0..=self.0.most {
            let connection = self.open().await?;
            if connection.is_new() {
                return Ok(self.lend(connection, permit));
            }
            connection.close();
        }
        Err(Error::PoolTimedOut)
    }

    /// Connections for statements that take long, whatever their sessions are. Waits until
    /// there are so many, without holding some of them meanwhile.
    pub(super) async fn lease_for_long(&self, count: u32) -> Result<(Vec<Lease>, LongLease)> {
        let Inner { permits, most, long, .. } = &*self.0;
        if usize::try_from(count).is_ok_and(|count| count > *most) {
            return Err(Error::PoolTimedOut);
        }
        let closed = |_| Error::PoolClosed;
        let wait = self.0.metrics.wait();
        let long = Arc::clone(long).acquire_owned().await.map_err(closed)?;
        let mut held = Arc::clone(permits).acquire_many_owned(count).await.map_err(closed)?;
        drop(wait);
        let mut leases = Vec::new();
        while let Some(permit) = held.split(1) {
            let executing = self.0.metrics.begin();
            let lease = self.lease_anew(permit).await;
            executing.ended(lease.is_ok());
            leases.push(lease?);
        }
        Ok((leases, LongLease(long)))
    }

    /// A connection that is there and has prepared nothing for an earlier schema: a statement
    /// in a transaction cannot be executed again on another.
    async fn lease_anew(&self, permit: OwnedSemaphorePermit) -> Result<Lease> {
        let mut connection = self.take(None).await?;
        match connection.inner.clear_cached_statements().await {
            Ok(()) => Ok(self.lend(connection, permit)),
            Err(_) => {
                connection.close();
                self.new_lease(permit).await
            }
        }
    }

    /// How sessions are put under the role of a caller.
    #[must_use]
    pub fn row_security(&self) -> RowSecurity {
        self.0.row_security
    }

    fn lend(&self, connection: Connection, permit: OwnedSemaphorePermit) -> Lease {
        Lease { connections: self.clone(), connection: Some(connection), _permit: permit }
    }

    async fn take(&self, territories: Option<&[i32]>) -> Result<Connection> {
        if let Some(idle) = self.0.take_idle(territories) {
            return Ok(idle);
        }
        self.open().await
    }

    async fn open(&self) -> Result<Connection> {
        // Boxed: connecting has a large future, and every level of a document would hold it.
        let inner = Box::pin(self.0.pool.acquire()).await?;
        let now = Instant::now();
        Ok(Connection { inner, acquired: now, used: now, session: Session::Own })
    }

    /// Keeps a connection for the next statement, or returns it to the pool.
    fn release(&self, mut connection: Connection) {
        let mut idle = self.0.idle();
        let is_old = connection.acquired.elapsed() > MAX_AGE;
        if is_old || idle.connections.len() >= self.0.max_idle || self.0.pool.is_closed() {
            return connection.give_back();
        }
        connection.used = Instant::now();
        idle.connections.push(connection);
        if !idle.is_reaped {
            idle.is_reaped = true;
            tokio::spawn(reap(Arc::downgrade(&self.0), self.0.idle_timeout));
        }
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The idle connection that a statement is executed on; `None` to open another, for who
    /// has a permit. The one last used of those that are as it needs comes first. Others are
    /// switched only if all that may be open are: then one that keeps its plans, else the one
    /// not used for longest.
    fn take_idle(&self, territories: Option<&[i32]>) -> Option<Connection> {
        let mut idle = self.idle();
        let connections = &mut idle.connections;
        let outdated = |it: &mut Connection| sessions::is_marked(it.acquired.elapsed());
        connections.extract_if(.., outdated).for_each(Connection::close);
        let last = |is_it: &dyn Fn(&Session) -> bool| {
            connections.iter().rposition(|connection| is_it(&connection.session))
        };
        let executing = self.most.saturating_sub(self.permits.available_permits());
        let place = match last(&|session| self.row_security.serves(session, territories)) {
            Some(place) => place,
            None if connections.len() + executing <= self.most => return None,
            None => last(&|session| RowSecurity::keeps_plans(session, territories)).unwrap_or(0),
        };
        (place < connections.len()).then(|| connections.remove(place))
    }
}

/// Returns idle connections to the pool until none is left.
async fn reap(inner: Weak<Inner>, idle_timeout: Duration) {
    loop {
        sleep(idle_timeout).await;
        let Some(inner) = inner.upgrade() else { return };
        let mut idle = inner.idle();
        let is_expired = |it: &mut Connection| it.used.elapsed() >= idle_timeout;
        idle.connections.extract_if(.., is_expired).for_each(Connection::give_back);
        if idle.connections.is_empty() {
            idle.is_reaped = false;
            return;
        }
    }
}

impl Lease {
    /// The connection.
    ///
    /// # Errors
    /// None: it is there until the end.
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection> {
        self.connection.as_mut().map(|it| &mut *it.inner).ok_or(Error::PoolClosed)
    }

    /// Counts a statement that begins on it.
    pub(super) fn begin(&self) -> Executing {
        self.connections.0.metrics.begin()
    }

    /// The statement has ended: all rows were read, or it failed; then the pool tests the
    /// connection.
    pub(super) fn end(mut self, succeeded: bool) {
        match self.connection.take() {
            Some(connection) if succeeded => self.connections.release(connection),
            Some(connection) => connection.give_back(),
            None => {}
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.inner.close_on_drop();
        }
    }
}
