//! Whether the tables are on one machine or, as those of a Citus cluster, on several. It is asked
//! once for a pool, and is the one thing by which statements differ.

use sqlx::{PgConnection, PgPool};
use tokio::sync::OnceCell;

use crate::error::{Code, Error, Result};

/// Where the tables are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// On one machine.
    #[default]
    Single,
    /// On several, as `migrate up --distribute` puts them.
    Distributed,
}

/// A [`Layout`] that is asked for when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct KnownLayout(OnceCell<Layout>);

/// Distributing the tables leaves the function behind by which changes are told.
const IS_DISTRIBUTED: &str = "SELECT to_regproc('note_change') IS NOT NULL";
/// A table that is there wherever the extension is.
const HAS_EXTENSION: &str = "SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL";
/// Machines that can take rows, and whether the one that is asked is known to the others.
const NODES: &str = "SELECT count(*) FILTER (WHERE groupid > 0 AND isactive), \
     count(*) FILTER (WHERE groupid = 0) > 0 FROM pg_dist_node WHERE noderole = 'primary'";

impl Layout {
    /// Asks where the tables are.
    ///
    /// # Errors
    /// As any query.
    pub async fn of(pool: &PgPool) -> sqlx::Result<Self> {
        let mut connection = pool.acquire().await?;
        Self::seen_by(&mut connection).await
    }

    /// Likewise, over a connection.
    ///
    /// # Errors
    /// As any query.
    pub async fn seen_by(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let is_distributed = sqlx::query_scalar(IS_DISTRIBUTED).fetch_one(&mut *connection).await?;
        Ok(if is_distributed { Self::Distributed } else { Self::Single })
    }

    /// Whether the tables are on several machines.
    #[must_use]
    pub const fn is_distributed(self) -> bool {
        matches!(self, Self::Distributed)
    }
}

impl KnownLayout {
    /// Where the tables are.
    ///
    /// # Errors
    /// As any query, as long as it is not known.
    pub(crate) async fn get(&self, pool: &PgPool) -> sqlx::Result<Layout> {
        self.0.get_or_try_init(|| Layout::of(pool)).await.copied()
    }
}

/// Whether the database has the extension.
pub(super) async fn has_extension(pool: &PgPool) -> sqlx::Result<bool> {
    sqlx::query_scalar(HAS_EXTENSION).fetch_one(pool).await
}

/// `Ok` if the database is that of a coordinator with workers.
///
/// # Errors
/// `CONFIG` with what is missing; `UNAVAILABLE` when Postgres does not answer.
pub(super) async fn require_cluster(pool: &PgPool) -> Result<()> {
    let lack = |message: &str| Err(Error::new(Code::Config, message.to_owned()));
    if !has_extension(pool).await? {
        return lack(
            "the database has no extension citus: its tables cannot be distributed; on a \
             coordinator, run `CREATE EXTENSION citus`",
        );
    }
    match sqlx::query_as::<_, (i64, bool)>(NODES).fetch_one(pool).await? {
        (0, _) => lack(
            "the coordinator has no workers: add each of them with `SELECT citus_add_node(host, \
             port)`",
        ),
        (_, false) => lack(
            "the workers do not know the coordinator, which has a copy of each table that rows of \
             sales refer to: run `SELECT citus_set_coordinator_host(host, port)`",
        ),
        (_, true) => Ok(()),
    }
}
