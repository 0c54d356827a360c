//! What the ledger says of all runs, for metrics. A `salesgraph load` has ended before anybody
//! asks it, so nobody counts but the ledger.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row as _};

use super::derive::refresh::REFRESH_SOURCE;
use super::rejects::{REPLAY_SOURCE, Reason};

/// What became of rows, by name.
pub const ROW_OUTCOMES: [&str; 7] =
    ["inserted", "updated", "unchanged", "rejected", "parked", "removed", "kept"];
/// The states of runs that have ended.
pub const ENDED: [&str; 4] = ["succeeded", "succeeded_with_rejects", "failed", "canceled"];

/// The rows and runs so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Totals {
    /// By [`ROW_OUTCOMES`]. They only grow: what a replay takes back is not subtracted.
    pub rows: [i64; 7],
    /// Runs by [`ENDED`].
    pub runs: [i64; 4],
    /// When the newest load of a source ended well.
    pub last_success: Option<DateTime<Utc>>,
    /// How many seconds ago.
    pub last_success_age: Option<f64>,
}

const ROWS: &str = "
SELECT coalesce(sum(greatest(rows_inserted, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_updated, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_unchanged, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_rejected, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_parked, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_removed, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_kept, 0)), 0)::bigint
FROM load_run_file";

const RUNS: &str = "
SELECT count(*) FILTER (WHERE state = 'succeeded'),
    count(*) FILTER (WHERE state = 'succeeded_with_rejects'),
    count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'canceled'),
    max(finished_at) FILTER (WHERE is_load),
    extract(epoch FROM now() - max(finished_at) FILTER (WHERE is_load))::float8
FROM (SELECT state, finished_at, source_uri <> ALL ($1)
        AND state IN ('succeeded', 'succeeded_with_rejects') AS is_load
    FROM load_run WHERE NOT is_check) AS run";

/// Reads the totals.
///
/// # Errors
/// As any query.
pub async fn totals(connection: &mut PgConnection) -> sqlx::Result<Totals> {
    let row = sqlx::query(ROWS).fetch_one(&mut *connection).await?;
    let mut rows = [0; 7];
    for (place, count) in rows.iter_mut().enumerate() {
        *count = row.try_get(place)?;
    }
    let not_sources = [REPLAY_SOURCE, REFRESH_SOURCE];
    let row = sqlx::query(RUNS).bind(&not_sources[..]).fetch_one(connection).await?;
    let mut runs = [0; 4];
    for (place, count) in runs.iter_mut().enumerate() {
        *count = row.try_get(place)?;
    }
    Ok(Totals { rows, runs, last_success: row.try_get(4)?, last_success_age: row.try_get(5)? })
}

/// Rows that are rejected and parked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Rejected rows by the code of their reason, of every reason.
    pub rejects: Vec<(&'static str, i64)>,
    /// Parked rows.
    pub parked: i64,
}

/// Counts the rows that are rejected and parked now.
///
/// # Errors
/// As any query.
pub async fn standing(connection: &mut PgConnection) -> sqlx::Result<Standing> {
    let counted = "SELECT reason, count(*) FROM load_reject GROUP BY reason";
    let counted: Vec<(String, i64)> = sqlx::query_as(counted).fetch_all(&mut *connection).await?;
    let of = |reason: &str| {
        let found = counted.iter().find(|(counted, _)| counted == reason);
        found.map_or(0, |(_, count)| *count)
    };
    let mut rejects: Vec<_> =
        Reason::ALL.iter().map(|reason| (reason.as_str(), of(reason.as_str()))).collect();
    // Of a version of this program that knows more reasons.
    let all: i64 = counted.iter().map(|(_, count)| count).sum();
    let known: i64 = rejects.iter().map(|(_, count)| count).sum();
    rejects.push(("other", all - known));
    let parked = sqlx::query_scalar("SELECT count(*) FROM load_parked");
    Ok(Standing { rejects, parked: parked.fetch_one(connection).await? })
}
