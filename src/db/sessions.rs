//! Sessions of Postgres that are out of date: what they prepared, or the path on which they
//! find tables, no longer fits the schema.
//!
//! Postgres tells it by an error of a statement, and would tell the same for ever on that
//! session. So the sessions that were begun before are closed, by each pool of this process
//! before it gives one out again.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);
/// Milliseconds after [`START`]; sessions that were begun by then are out of date.
static OUTDATED: AtomicU64 = AtomicU64::new(0);
/// Where the schema does not fit at all, sessions are begun anew as often as this.
const PAUSE: u64 = 1000;

fn now() -> u64 {
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Marks all sessions that were begun until now, if the error tells so.
pub(super) fn note(error: &sqlx::Error) {
    let (now, last) = (now(), OUTDATED.load(Ordering::Relaxed));
    if is_outdated(error) && (last == 0 || now.saturating_sub(last) > PAUSE) {
        OUTDATED.fetch_max(now.max(1), Ordering::Relaxed);
    }
}

/// Whether a session of that age is out of date.
pub(super) fn is_marked(age: Duration) -> bool {
    let begun = now().saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
    let outdated = OUTDATED.load(Ordering::Relaxed);
    outdated > 0 && begun <= outdated
}

/// Whether another session may give what this one could not.
pub(super) fn may_succeed_on_another(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed)
        || is_outdated(error)
        || error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .as_deref()
            .is_some_and(is_lost)
}

/// The server or the backend ends; a standby gives up a query for what it replays; or an
/// object was dropped while its statement began.
fn is_lost(state: &str) -> bool {
    state.starts_with("08") || matches!(state, "57P01" | "57P02" | "40001" | "XX000")
}

fn is_outdated(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    let code = error.code();
    match code.as_deref().unwrap_or_default() {
        // A table, a column, a type, a function or a schema is not found; a prepared statement
        // is unknown.
        "42P01" | "42703" | "42704" | "42883" | "3F000" | "26000" => true,
        // What a prepared statement gives is of another type now.
        "0A000" => error
            .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
            .is_some_and(|error| error.routine() == Some("RevalidateCachedQuery")),
        _ => false,
    }
}
