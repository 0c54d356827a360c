//! What the ledger says of all runs, for metrics. A `salesgraph load` has ended before anybody
//! asks it, so nobody counts but the ledger.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::derive::refresh::REFRESH_SOURCE;
use super::raw::history::reprocess_source;
use super::rejects::{REPLAY_SOURCE, Reason};

/// What became of rows, by name.
pub const ROW_OUTCOMES: [&str; 7] =
    ["inserted", "updated", "unchanged", "rejected", "parked", "removed", "kept"];
/// The states of runs that have ended.
pub const ENDED: [&str; 4] = ["succeeded", "succeeded_with_rejects", "failed", "canceled"];

/// The runs that have ended, and their rows. They only grow: what a run has done is told once it
/// has ended, for until then rows that it parks may still be loaded, and what a replay takes back
/// is not subtracted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// By [`ROW_OUTCOMES`].
    pub rows: [i64; 7],
    /// Runs by [`ENDED`].
    pub runs: [i64; 4],
}

const ROWS: &str = "
SELECT coalesce(sum(greatest(rows_inserted, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_updated, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_unchanged, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_rejected, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_parked, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_removed, 0)), 0)::bigint,
    coalesce(sum(greatest(rows_kept, 0)), 0)::bigint
FROM load_run_file
WHERE run_id NOT IN (SELECT id FROM load_run WHERE state IN ('queued', 'running'))";

const RUNS: &str = "
SELECT count(*) FILTER (WHERE state = 'succeeded'),
    count(*) FILTER (WHERE state = 'succeeded_with_rejects'),
    count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'canceled')
FROM load_run WHERE NOT is_check";

/// Reads the totals: all runs and their files.
///
/// # Errors
/// As any query.
pub async fn totals(connection: &mut PgConnection) -> sqlx::Result<Totals> {
    let row = sqlx::query(ROWS).fetch_one(&mut *connection).await?;
    let mut rows = [0; 7];
    for (place, count) in rows.iter_mut().enumerate() {
        *count = row.try_get(place)?;
    }
    let row = sqlx::query(RUNS).fetch_one(connection).await?;
    let mut runs = [0; 4];
    for (place, count) in runs.iter_mut().enumerate() {
        *count = row.try_get(place)?;
    }
    Ok(Totals { rows, runs })
}

/// The newest load of a source that ended well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewestLoad {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// How many seconds ago.
    pub age: f64,
}

// There is one run at a time, so the one that began last ended last. In the order of an index.
const NEWEST: &str = "
SELECT finished_at, extract(epoch FROM now() - finished_at)::float8
FROM load_run WHERE NOT is_check AND state IN ('succeeded', 'succeeded_with_rejects')
    AND source_uri <> ALL ($1)
ORDER BY started_at DESC, id DESC LIMIT 1";

/// Reads the newest load of a source that ended well. What is loaded again from the lake at this
/// address is no source.
///
/// # Errors
/// As any query.
pub async fn newest_load(
    connection: &mut PgConnection,
    lake: Option<&str>,
) -> sqlx::Result<Option<NewestLoad>> {
    let again = lake.map(reprocess_source);
    let not_sources: Vec<&str> =
        [REPLAY_SOURCE, REFRESH_SOURCE].into_iter().chain(again.as_deref()).collect();
    let row = sqlx::query(NEWEST).bind(&not_sources[..]).fetch_optional(connection).await?;
    let newest = |row: PgRow| Ok(NewestLoad { at: row.try_get(0)?, age: row.try_get(1)? });
    row.map(newest).transpose()
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
