//! Snapshots: statements that all see the data as they were at one moment.
//!
//! A snapshot is a read-only transaction on a connection of its own. Others can join it on
//! more connections, to execute statements while the rows of one are still being read.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Execute, Executor as _, Postgres, raw_sql};

use super::connections::{Connections, Lease, LongLease};
use super::data_version::DataVersion;
use super::usage::Executing;
use crate::error::{Code, Error, Result};

/// A connection in a transaction that sees one moment. Dropped before [`Snapshot::end`], its
/// connection is closed, which cancels the statement.
#[derive(Debug)]
pub struct Snapshot {
    lease: Lease,
    /// Shared by the connections of one moment.
    _long: Arc<LongLease>,
}

/// How statements in a snapshot are executed.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotOptions<'a> {
    /// The territories whose rows row-level security shows; `None` is no limit.
    pub territories: Option<&'a [i32]>,
    /// After which Postgres cancels a statement; `None` for no limit.
    pub statement_timeout: Option<Duration>,
}

/// Connections that see one moment.
#[derive(Debug)]
pub struct Snapshots {
    /// The version of the data at that moment.
    pub version: DataVersion,
    /// The first.
    pub main: Snapshot,
    /// Another, if it was asked for.
    pub second: Option<Snapshot>,
}

/// What many rows are joined in, for each join: with Postgres' default of 4 MB, joins of all
/// order lines take twice as long. More stays more.
const MEMORY: &str = "SELECT set_config('work_mem', \
    greatest(pg_size_bytes(current_setting('work_mem')) / 1024, 65536) || 'kB', true)";

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl Snapshots {
    /// Begins a snapshot of now, on one connection or two. Waits for connections for as long as
    /// it takes.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the pool is too small for two, or Postgres does not answer.
    pub async fn begin(
        connections: &Connections,
        options: SnapshotOptions<'_>,
        with_second: bool,
    ) -> Result<Self> {
        let count = if with_second { 2 } else { 1 };
        let leased = connections.lease_for_long(count).await;
        let (mut leases, long) = leased.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => Error::new(
                Code::Unavailable,
                "there is no database connection for this; more are opened when \
                 database.max_connections is greater",
            ),
            other => other.into(),
        })?;
        let long = Arc::new(long);
        let mut next = || leases.pop().ok_or_else(|| Error::internal("a connection is missing"));
        let mut main = Snapshot { lease: next()?, _long: Arc::clone(&long) };
        let timeout = options.statement_timeout.map_or(0, |limit| limit.as_millis().max(1));
        // As the role that connected, which may read the version.
        let settings =
            format!("SET LOCAL ROLE NONE; SET LOCAL statement_timeout = {timeout}; {MEMORY}");
        main.execute(format!("{BEGIN}; {settings}")).await?;
        let (version, exported) = main.identify(with_second).await?;
        let role = connections.row_security().switch_transaction(options.territories);
        let mut second = None;
        if let Some(exported) = exported {
            let mut other = Snapshot { lease: next()?, _long: long };
            let join = format!("{BEGIN}; SET TRANSACTION SNAPSHOT '{exported}'; {settings}");
            other.execute(join).await?;
            if let Some(role) = &role {
                other.execute(role.clone()).await?;
            }
            second = Some(other);
        }
        if let Some(role) = role {
            main.execute(role).await?;
        }
        Ok(Self { version, main, second })
    }
}

impl Snapshot {
    /// All rows of a statement.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn fetch_all<'q>(
        &mut self,
        query: impl Execute<'q, Postgres> + 'q,
    ) -> sqlx::Result<Vec<PgRow>> {
        let executing = self.lease.begin();
        let fetched = self.lease.connection()?.fetch_all(query).await;
        executing.ended(fetched.is_ok());
        fetched
    }

    /// The rows of a statement, one after another: Postgres waits while they are not read.
    ///
    /// # Errors
    /// None; those of the statement come with its rows.
    pub fn stream<'e, 'q: 'e>(
        &'e mut self,
        query: impl Execute<'q, Postgres> + 'q,
    ) -> sqlx::Result<BoxStream<'e, sqlx::Result<PgRow>>> {
        let executing = Some(self.lease.begin());
        let rows = self.lease.connection()?.fetch(query);
        Ok(Counted { rows, executing }.boxed())
    }

    /// Ends the transaction and returns the connection.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn end(mut self) -> Result<()> {
        self.execute("COMMIT".to_owned()).await?;
        self.lease.end(true);
        Ok(())
    }

    /// The version of the data and, for others to join it, the snapshot's name.
    async fn identify(&mut self, export: bool) -> Result<(DataVersion, Option<String>)> {
        let connection = self.lease.connection()?;
        let version = DataVersion::read(connection).await?;
        let exported: Option<String> = if export {
            Some(sqlx::query_scalar("SELECT pg_export_snapshot()").fetch_one(connection).await?)
        } else {
            None
        };
        let is_name =
            |name: &String| name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if exported.as_ref().is_some_and(|name| !is_name(name)) {
            return Err(Error::internal("the name of a snapshot is none"));
        }
        Ok((version, exported))
    }

    /// Executes statements of this program's own text.
    async fn execute(&mut self, sql: String) -> Result<()> {
        let executing = self.lease.begin();
        let executed = self.lease.connection()?.execute(raw_sql(AssertSqlSafe(sql))).await;
        executing.ended(executed.is_ok());
        executed?;
        Ok(())
    }
}

/// The rows of a statement, which is counted when it has ended.
struct Counted<'a> {
    rows: BoxStream<'a, sqlx::Result<PgRow>>,
    executing: Option<Executing>,
}

impl Stream for Counted<'_> {
    type Item = sqlx::Result<PgRow>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.rows.poll_next_unpin(context));
        let succeeded = match &next {
            Some(Ok(_)) => return Poll::Ready(next),
            Some(Err(_)) => false,
            None => true,
        };
        if let Some(executing) = self.executing.take() {
            executing.ended(succeeded);
        }
        Poll::Ready(next)
    }
}
