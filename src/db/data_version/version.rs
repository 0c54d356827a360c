//! A version of the data.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;

/// A version of all data, or of some tables. Equal versions mean the same rows. The number
/// alone does not: a crash of Postgres may undo commits and assign their numbers again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataVersion {
    /// Greater after each commit.
    pub version: i64,
    /// When that commit was made.
    pub as_of: DateTime<Utc>,
    /// 0 while all changes move the version. Otherwise, because somebody has disabled
    /// triggers, another number for each snapshot of the database.
    pub unwatched: i64,
}

impl DataVersion {
    /// The version that the connection's snapshot has.
    ///
    /// # Errors
    /// `RowNotFound` if it has none, and as any query.
    pub(crate) async fn read(connection: &mut PgConnection) -> sqlx::Result<Self> {
        Self::fetch(connection, "SELECT version, as_of, unwatched FROM data_state").await
    }

    /// The version that a standby has replayed.
    ///
    /// # Errors
    /// `RowNotFound` if it is no standby, and as any query.
    pub(super) async fn replayed(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let of_standby =
            "SELECT version, as_of, unwatched FROM data_state WHERE pg_is_in_recovery()";
        Self::fetch(connection, of_standby).await
    }

    async fn fetch(connection: &mut PgConnection, query: &'static str) -> sqlx::Result<Self> {
        let (version, as_of, unwatched) = sqlx::query_as(query).fetch_one(connection).await?;
        Ok(Self { version, as_of, unwatched })
    }
}
