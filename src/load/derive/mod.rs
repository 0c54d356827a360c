//! The last stage of a run: tables derived from loaded rows are brought up to date,
//! set-based.
//!
//! Triggers record in `derivation_due` what a derivation must process, whoever changed
//! the rows. A derivation deletes its entries there, runs, and inserts its `load_step`
//! in one transaction: a crash leaves nothing half done, and the next run does the rest.
//! Concurrent commits leave entries for the next run, even if this one has already seen
//! some of their rows.
//!
//! A new derivation is a file with a [`Derivation`], listed in [`ALL`]; the migration that
//! creates its tables adds its name to `derivation_step`.

mod cluster;
mod demand_forecast;
mod derivation;
mod lake;
mod recorded;
pub(super) mod refresh;
mod sales_rollup;
pub(super) mod sums;

use chrono::NaiveDate;
use sqlx::{Connection as _, PgConnection, Postgres, Row as _, Transaction};

use self::derivation::Derivation;
use self::lake::write_lake;
use self::recorded::{Step, insert, recorded, with_consequence};
use super::failure::LoadResult;
use super::ledger;
use super::run::observe::Observer;
use super::run::session::Session;
use super::run::summary::StepSummary;
use crate::db::watch::watch_changes;
use crate::error::Result;

/// All derivations, each after those whose tables it reads.
static ALL: &[&Derivation] = &[&sales_rollup::SALES_ROLLUP, &demand_forecast::DEMAND_FORECAST];

/// A derivation may read all sales and runs alone: it would lose much time by sorting on
/// disk and by compiling its statements.
const SETTINGS: &str =
    "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)";

/// Runs every derivation that is due, and writes the lake; `done` is valid also after a failure.
pub(super) async fn derive(
    session: &Session,
    observer: &dyn Observer,
    done: &mut Vec<StepSummary>,
) -> Result<()> {
    derive_tables(session, observer, done).await?;
    derive_lake(session, observer, done).await
}

/// Runs every derivation that is due.
pub(super) async fn derive_tables(
    session: &Session,
    observer: &dyn Observer,
    done: &mut Vec<StepSummary>,
) -> Result<()> {
    let watch = || async { Ok(watch_changes(&session.pool).await?) };
    session.retry("watch_changes", watch).await?;
    for derivation in ALL {
        let summary = session
            .retry(derivation.step, || bring_up_to_date(session, observer, derivation))
            .await
            .map_err(|error| with_consequence(derivation.step, error))?;
        summary.iter().for_each(|summary| observer.derived(summary));
        done.extend(summary);
    }
    Ok(())
}

/// Writes the lake, after all derivations.
pub(super) async fn derive_lake(
    session: &Session,
    observer: &dyn Observer,
    done: &mut Vec<StepSummary>,
) -> Result<()> {
    let summary =
        write_lake(session, observer).await.map_err(|error| with_consequence(lake::STEP, error))?;
    summary.iter().for_each(|summary| observer.derived(summary));
    done.extend(summary);
    Ok(())
}

/// Runs a derivation; the summary includes earlier attempts whose commit was not
/// acknowledged. `None` if nothing was due.
async fn bring_up_to_date(
    session: &Session,
    observer: &dyn Observer,
    derivation: &Derivation,
) -> LoadResult<Option<StepSummary>> {
    let mut connection = session.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let data_version = data_version(&mut transaction).await?;
    let Some(due) = take_due(&mut transaction, derivation.step).await? else {
        transaction.rollback().await?;
        return recorded(&mut connection, session.run(), derivation.step).await;
    };
    session.check_stop()?;
    observer.deriving(derivation.step);
    sqlx::query(SETTINGS).execute(&mut *transaction).await?;
    let mut rows_written: i64 = 0;
    if due.of_sales {
        rows_written += derive_sales(session, &mut transaction, derivation, due.since).await?;
    }
    for statement in derivation.of_others {
        rows_written +=
            sqlx::query_scalar::<_, i64>(*statement).fetch_one(&mut *transaction).await?;
    }
    if rows_written > 0 && session.layout.is_distributed() {
        cluster::note_written(&mut transaction, derivation).await?;
    }
    let (name, since) = (derivation.step, due.since);
    let step = Step { name, data_version, since, rows_written, begun: None };
    insert(&mut transaction, session.run(), step).await?;
    // A crash must not undo what this run will report.
    ledger::commit_to_disk(&mut transaction).await?;
    transaction.commit().await?;
    recorded(&mut connection, session.run(), derivation.step).await
}

/// Derives changed sales; counts the rows that were written.
async fn derive_sales(
    session: &Session,
    transaction: &mut Transaction<'_, Postgres>,
    derivation: &Derivation,
    since: Option<NaiveDate>,
) -> LoadResult<i64> {
    let is_summed = derivation.step == sales_rollup::SALES_ROLLUP.step;
    if is_summed
        && !session.layout.is_distributed()
        && let Some(rows_written) = sums::write(session, transaction, since).await?
    {
        return Ok(rows_written);
    }
    let mut rows_written = 0;
    for statement in cluster::of_sales(derivation, session.layout) {
        let written = sqlx::query_scalar::<_, i64>(*statement).bind(since);
        rows_written += written.fetch_one(&mut **transaction).await?;
    }
    Ok(rows_written)
}

/// The data version that this transaction sees, or an earlier one.
async fn data_version(connection: &mut PgConnection) -> LoadResult<i64> {
    let version = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM data_version");
    Ok(version.fetch_one(connection).await?)
}

/// What a derivation must process.
#[derive(Debug, Clone, Copy)]
struct Due {
    /// Whether sales may have changed at all.
    of_sales: bool,
    /// The first day whose sales may have changed; `None` if any may, or if none.
    since: Option<NaiveDate>,
}

/// Deletes the entries of a derivation. The statements that follow see the changes they
/// stand for. An entry that a transaction is replacing by its own, as those of replicas do, is
/// processed and left.
async fn take_due(connection: &mut PgConnection, step: &str) -> LoadResult<Option<Due>> {
    let row = sqlx::query(
        "WITH seen AS (SELECT since FROM derivation_due WHERE step = $1), \
           taken AS (DELETE FROM derivation_due WHERE ctid = ANY (ARRAY( \
             SELECT ctid FROM derivation_due WHERE step = $1 FOR UPDATE SKIP LOCKED))), \
           of_sales AS (SELECT since FROM seen WHERE since IS DISTINCT FROM 'infinity') \
         SELECT (SELECT count(*) FROM seen), count(*), \
           CASE WHEN bool_and(since IS NOT NULL) THEN min(since) END FROM of_sales",
    )
    .bind(step)
    .fetch_one(connection)
    .await?;
    let (entries, of_sales): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(if entries == 0 {
        None
    } else {
        Some(Due { of_sales: of_sales > 0, since: row.try_get(2)? })
    })
}
