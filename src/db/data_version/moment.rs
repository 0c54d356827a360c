//! A moment between two commits.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;

/// What a connection sees. As long as it is the same, nothing has been committed, so that what
/// was read is still right. To compare it costs a quarter of reading the version, of which most
/// is the search for disabled triggers.
///
/// A crash of Postgres may lose transactions and assign their numbers again, and a pooler hides
/// it: so the process that answers counts, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    started: DateTime<Utc>,
    process: i32,
    snapshot: String,
}

impl Moment {
    /// The moment that the connection sees; `None` on a standby, whose snapshots do not list what
    /// is under way, so that equal ones may see different rows.
    ///
    /// # Errors
    /// As any query.
    pub(super) async fn read(connection: &mut PgConnection) -> sqlx::Result<Option<Self>> {
        let query = "SELECT pg_postmaster_start_time(), pg_backend_pid(), \
                     pg_current_snapshot()::text, pg_is_in_recovery()";
        let (started, process, snapshot, is_standby): (_, _, _, bool) =
            sqlx::query_as(query).fetch_one(connection).await?;
        Ok(Some(Self { started, process, snapshot }).filter(|_| !is_standby))
    }
}
