//! Steps in the ledger.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::error::Error;
use crate::load::failure::LoadResult;
use crate::load::ledger;
use crate::load::run::summary::StepSummary;

/// Inserts the step into the ledger with the times of its transaction, unless the
/// run is over. A run inserts it again if the commit was not acknowledged and more has
/// become due since.
const INSERT_STEP: &str = "
INSERT INTO load_step AS known
    (run_id, step, data_version, since, started_at, finished_at, rows_written)
SELECT id, $2, $3, $4, coalesce($6, now()), clock_timestamp(), $5 FROM load_run
WHERE id = $1 AND state = 'running' FOR SHARE
ON CONFLICT (run_id, step) DO UPDATE SET data_version = excluded.data_version,
    since = CASE WHEN known.since < excluded.since THEN known.since
        WHEN known.since IS NOT NULL THEN excluded.since END,
    started_at = excluded.started_at, finished_at = excluded.finished_at,
    rows_written = known.rows_written + excluded.rows_written";

const SELECT_STEP: &str = "
SELECT rows_written, date_part('epoch', finished_at - started_at) FROM load_step
WHERE run_id = $1 AND step = $2";

/// A step that has been done.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) data_version: i64,
    /// The first day that had changed.
    pub(super) since: Option<NaiveDate>,
    pub(super) rows_written: i64,
    /// When it began; with its transaction unless this says so.
    pub(super) begun: Option<DateTime<Utc>>,
}

/// Inserts the step into the ledger.
///
/// # Errors
/// `LOCKED` if another loader took over the run.
pub(super) async fn insert(connection: &mut PgConnection, run: Uuid, step: Step) -> LoadResult<()> {
    let inserted = sqlx::query(INSERT_STEP)
        .bind(run)
        .bind(step.name)
        .bind(step.data_version)
        .bind(step.since)
        .bind(step.rows_written)
        .bind(step.begun)
        .execute(connection)
        .await?;
    if inserted.rows_affected() != 1 {
        return Err(ledger::taken_over().into());
    }
    Ok(())
}

/// The step in the ledger of a run.
pub(super) async fn recorded(
    connection: &mut PgConnection,
    run: Uuid,
    step: &'static str,
) -> LoadResult<Option<StepSummary>> {
    let row = sqlx::query(SELECT_STEP).bind(run).bind(step).fetch_optional(connection).await?;
    row.map(|row| {
        let (rows_written, seconds) = (row.try_get(0)?, row.try_get(1)?);
        Ok(StepSummary { step, rows_written, seconds })
    })
    .transpose()
}

/// The failure with its consequence for the data.
pub(super) fn with_consequence(step: &str, error: Error) -> Error {
    let message = format!(
        "{step} could not be brought up to date: {}; loaded rows are kept, and the next run \
         continues from here",
        error.message()
    );
    Error::new(error.code(), message).with_source(error)
}
