//! The last stage of a run: data that is made of the loaded rows is brought up to
//! date, step by step, set-based.
//!
//! Triggers note what a step has to take in (`derivation_due`), whoever changed the
//! rows. A step takes its notes, does its work and enters itself into the ledger in
//! one transaction: it is done once for each state of the data, a crash leaves
//! nothing half, and what it has not done is done by the next run. What is
//! committed meanwhile is in the notes of the next run, even where some of it was
//! seen.
//!
//! A new step is a file with a [`Derivation`], listed in [`ALL`]; the migration that
//! makes its tables adds its name to `derivation_step`.

mod demand_forecast;
mod sales_rollup;

use chrono::NaiveDate;
use sqlx::{Connection as _, PgConnection, Row as _};

use super::failure::{Failure, Step};
use super::ledger;
use super::run::MOST_ATTEMPTS;
use super::run::observe::Observer;
use super::run::session::Session;
use super::run::summary::StepSummary;
use crate::error::{Error, Result};

/// A step.
#[derive(Debug)]
struct Derivation {
    /// Its name in the ledger and in `derivation_step`.
    step: &'static str,
    /// What it does of sales, in this order. $1 is the first day whose sales may have
    /// changed, null where any may; each gives one number, that of the rows it has
    /// written, and writes only what is not right already.
    of_sales: &'static [&'static str],
    /// What it does then, whatever has changed, without $1.
    of_others: &'static [&'static str],
}

/// All steps, each after those whose data it reads.
static ALL: &[&Derivation] = &[&sales_rollup::SALES_ROLLUP, &demand_forecast::DEMAND_FORECAST];

/// A step goes through all sales at most and runs alone: sorting them on disk, and
/// compiling its statements, would take much of its time.
const SETTINGS: &str =
    "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)";

/// Enters a step into the ledger, with the times of its transaction; not when the run
/// is over. A run enters a step again when it did not hear that it was committed, and
/// meanwhile there was more to do.
const ENTER: &str = "
INSERT INTO load_step AS entered
    (run_id, step, data_version, since, started_at, finished_at, rows_written)
SELECT id, $2, $3, $4, now(), clock_timestamp(), $5 FROM load_run
WHERE id = $1 AND state = 'running' FOR SHARE
ON CONFLICT (run_id, step) DO UPDATE SET data_version = excluded.data_version,
    since = CASE WHEN entered.since < excluded.since THEN entered.since
        WHEN entered.since IS NOT NULL THEN excluded.since END,
    started_at = excluded.started_at, finished_at = excluded.finished_at,
    rows_written = entered.rows_written + excluded.rows_written";

/// What the ledger tells of a step of a run.
const ENTERED: &str = "
SELECT rows_written, date_part('epoch', finished_at - started_at) FROM load_step
WHERE run_id = $1 AND step = $2";

/// Does every step that is due; `done` holds those that were done, also after a
/// failure.
pub(super) async fn derive(
    session: &Session,
    observer: &dyn Observer,
    done: &mut Vec<StepSummary>,
) -> Result<()> {
    for derivation in ALL {
        let mut attempts = 0;
        loop {
            match bring_up_to_date(session, observer, derivation).await {
                Ok(summary) => {
                    summary.iter().for_each(|summary| observer.derived(summary));
                    done.extend(summary);
                    break;
                }
                Err(Failure::Lost(error)) if attempts < MOST_ATTEMPTS => {
                    attempts += 1;
                    let step = derivation.step;
                    tracing::warn!(step, error = error.detail(), "taking the step up again");
                    session.lock.recover(error).await?;
                }
                Err(failure) => return Err(told(derivation, failure.into())),
            }
        }
    }
    Ok(())
}

/// What this run has done of the step, an attempt of which nothing was heard
/// included; `None` when there was nothing to do.
async fn bring_up_to_date(
    session: &Session,
    observer: &dyn Observer,
    derivation: &Derivation,
) -> Step<Option<StepSummary>> {
    let mut connection = session.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let data_version = data_version(&mut transaction).await?;
    let Some(due) = take_due(&mut transaction, derivation.step).await? else {
        transaction.rollback().await?;
        return entered(&mut connection, session, derivation).await;
    };
    session.check_stop()?;
    observer.deriving(derivation.step);
    sqlx::query(SETTINGS).execute(&mut *transaction).await?;
    let mut rows_written: i64 = 0;
    if due.of_sales {
        for statement in derivation.of_sales {
            let written = sqlx::query_scalar::<_, i64>(*statement).bind(due.since);
            rows_written += written.fetch_one(&mut *transaction).await?;
        }
    }
    for statement in derivation.of_others {
        rows_written +=
            sqlx::query_scalar::<_, i64>(*statement).fetch_one(&mut *transaction).await?;
    }
    let told = sqlx::query(ENTER)
        .bind(session.run())
        .bind(derivation.step)
        .bind(data_version)
        .bind(due.since)
        .bind(rows_written)
        .execute(&mut *transaction)
        .await?;
    if told.rows_affected() != 1 {
        return Err(ledger::taken_over().into());
    }
    transaction.commit().await?;
    entered(&mut connection, session, derivation).await
}

/// What the ledger tells.
async fn entered(
    connection: &mut PgConnection,
    session: &Session,
    derivation: &Derivation,
) -> Step<Option<StepSummary>> {
    let row = sqlx::query(ENTERED)
        .bind(session.run())
        .bind(derivation.step)
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        let (rows_written, seconds) = (row.try_get(0)?, row.try_get(1)?);
        Ok(StepSummary { step: derivation.step, rows_written, seconds })
    })
    .transpose()
}

/// The version that this transaction sees at least.
async fn data_version(connection: &mut PgConnection) -> Step<i64> {
    let version = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM data_version");
    Ok(version.fetch_one(connection).await?)
}

/// What a step has to take in.
#[derive(Debug, Clone, Copy)]
struct Due {
    /// Whether sales may have changed at all.
    of_sales: bool,
    /// First day whose sales may have changed; none where any may, or none.
    since: Option<NaiveDate>,
}

/// Takes the notes there are. All that they are about is seen by the statements
/// that follow.
async fn take_due(connection: &mut PgConnection, step: &str) -> Step<Option<Due>> {
    let row = sqlx::query(
        "WITH taken AS (DELETE FROM derivation_due WHERE step = $1 RETURNING since), \
           of_sales AS (SELECT since FROM taken WHERE since IS DISTINCT FROM 'infinity') \
         SELECT (SELECT count(*) FROM taken), count(*), \
           CASE WHEN bool_and(since IS NOT NULL) THEN min(since) END FROM of_sales",
    )
    .bind(step)
    .fetch_one(connection)
    .await?;
    let (notes, of_sales): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(if notes == 0 { None } else { Some(Due { of_sales: of_sales > 0, since: row.try_get(2)? }) })
}

/// The failure with what it means for the data.
fn told(derivation: &Derivation, error: Error) -> Error {
    let message = format!(
        "{} could not be brought up to date: {}; what was loaded stays, and the next run goes on \
         from here",
        derivation.step,
        error.message()
    );
    Error::new(error.code(), message).with_source(error)
}
