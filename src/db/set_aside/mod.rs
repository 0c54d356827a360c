//! Foreign keys and indexes that a load sets aside for its duration: dropped, with what it takes
//! to put them back in `load_set_aside`. `open` sets them aside, `restore` puts them back.
//!
//! Meanwhile the load looks for the parents of its rows itself, and guards refuse all others who
//! write the tables at either end of such a foreign key: no row without its parent is ever
//! committed. Readers are only slower.

mod open;
mod restore;

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, PgPool, Row as _};

pub use self::open::{NewRows, set_aside};
pub use self::restore::{PutBack, put_back, put_back_alone};
use crate::error::{Error, Result};

/// The setting by which the guards know a loader, and its value: it looks for parents itself.
pub const LOADS: (&str, &str) = ("salesgraph.loads", "on");
/// The key of the advisory lock that every load holds: "salesgra" in ASCII.
pub const LOAD_LOCK: i64 = 0x7361_6c65_7367_7261;

/// Why something was not set aside or put back.
#[derive(Debug)]
pub enum SetAsideFailure {
    /// Postgres failed or was lost.
    Database(sqlx::Error),
    /// Anything else; the error says what to do.
    Other(Error),
}

impl From<sqlx::Error> for SetAsideFailure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<SetAsideFailure> for Error {
    fn from(failure: SetAsideFailure) -> Self {
        match failure {
            SetAsideFailure::Database(error) => error.into(),
            SetAsideFailure::Other(error) => error,
        }
    }
}

/// A foreign key or an index that is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The table whose it is.
    pub table: String,
    /// `foreign key` or `index`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl SetAside {
    /// Whether rows of the table are not checked for their parents by Postgres.
    #[must_use]
    pub fn is_foreign_key(&self) -> bool {
        self.kind == "foreign key"
    }

    fn of(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            table: row.try_get(0)?,
            kind: row.try_get(1)?,
            name: row.try_get(2)?,
            since: row.try_get(3)?,
        })
    }
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, kind, name, since } = self;
        write!(f, "{kind} {name} of {table}, since {}", since.format("%Y-%m-%d %H:%M:%S UTC"))
    }
}

/// What is set aside, by table: nothing unless a load is under way, or was killed. Nothing also
/// for a role that may not know.
///
/// # Errors
/// As any query.
pub async fn list(pool: &PgPool) -> sqlx::Result<Vec<SetAside>> {
    if !is_readable(pool).await? {
        return Ok(Vec::new());
    }
    let all = "SELECT table_name, kind, name, since FROM load_set_aside ORDER BY 1, 2, 3";
    sqlx::query(all).fetch_all(pool).await?.iter().map(SetAside::of).collect()
}

async fn is_readable(executor: impl PgExecutor<'_>) -> sqlx::Result<bool> {
    let readable = "SELECT coalesce(\
        has_table_privilege(to_regclass('load_set_aside')::oid, 'SELECT'), false)";
    sqlx::query_scalar(readable).fetch_one(executor).await
}

/// Whether a load holds the lock.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn is_loading(pool: &PgPool) -> Result<bool> {
    let held = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
        AND (classid::bigint << 32 | objid::bigint) = $1 AND objsubid = 1)";
    Ok(sqlx::query_scalar(held).bind(LOAD_LOCK).fetch_one(pool).await?)
}
