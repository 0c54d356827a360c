//! The triggers that see changes: puts back those that somebody has disabled.

use sqlx::PgPool;

use super::sqlstate::sqlstate;

/// What only the owner of a table may do.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Puts the triggers back. If some were disabled, all that is derived of rows becomes due, and
/// the data version moves. A role that may not do this leaves it to one that may, with a
/// warning: nothing is stale meanwhile, but no answer is kept, and a lake is written whole.
///
/// # Errors
/// As any query.
pub async fn watch_changes(pool: &PgPool) -> sqlx::Result<()> {
    match sqlx::query_scalar("SELECT watch_changes()").fetch_one(pool).await {
        Ok(false) => {}
        Ok(true) => tracing::info!("triggers that see changes were put in place"),
        Err(error) if sqlstate(&error).as_deref() == Some(INSUFFICIENT_PRIVILEGE) => {
            tracing::warn!(
                %error,
                "triggers that see changes are disabled: run `salesgraph migrate up` as the \
                 owner of the tables; until then no answer is kept, and each run writes all of \
                 the lake"
            );
        }
        Err(error) => return Err(error),
    }
    Ok(())
}
