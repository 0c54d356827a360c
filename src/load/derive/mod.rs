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

use std::time::Instant;

use chrono::NaiveDate;
use sqlx::{Connection as _, PgConnection, Row as _};

use super::failure::{Failure, Step};
use super::ledger;
use super::observe::Observer;
use super::run::MOST_ATTEMPTS;
use super::session::Session;
use super::summary::StepSummary;
use crate::error::{Error, Result};

/// A step.
#[derive(Debug)]
struct Derivation {
    /// Its name in the ledger and in `derivation_step`.
    step: &'static str,
    /// What it does, in this order. $1 is the first day whose sales may have changed,
    /// null where any may; each gives one number, that of the rows it has written,
    /// and writes only what is not right already.
    statements: &'static [&'static str],
}

/// All steps, each after those whose data it reads.
static ALL: &[&Derivation] = &[&sales_rollup::SALES_ROLLUP, &demand_forecast::DEMAND_FORECAST];

/// A step goes through all sales at most and runs alone: sorting them on disk would take
/// much of its time.
const MEMORY: &str = "SET LOCAL work_mem = '64MB'";

/// Enters a step into the ledger, with the times of its transaction; not when the run
/// is over.
const ENTER: &str = "
INSERT INTO load_step (run_id, step, data_version, since, started_at, finished_at, rows_written)
SELECT id, $2, $3, $4, now(), clock_timestamp(), $5 FROM load_run
WHERE id = $1 AND state = 'running' FOR SHARE";

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

/// `None` when there is nothing to do.
async fn bring_up_to_date(
    session: &Session,
    observer: &dyn Observer,
    derivation: &Derivation,
) -> Step<Option<StepSummary>> {
    let begun = Instant::now();
    let mut connection = session.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let data_version = data_version(&mut transaction).await?;
    let Some(due) = take_due(&mut transaction, derivation.step).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    session.check_stop()?;
    observer.deriving(derivation.step);
    sqlx::query(MEMORY).execute(&mut *transaction).await?;
    let mut rows_written = 0;
    for statement in derivation.statements {
        let written: i64 =
            sqlx::query_scalar(*statement).bind(due.since).fetch_one(&mut *transaction).await?;
        rows_written += written;
    }
    let entered = sqlx::query(ENTER)
        .bind(session.run())
        .bind(derivation.step)
        .bind(data_version)
        .bind(due.since)
        .bind(rows_written)
        .execute(&mut *transaction)
        .await?;
    if entered.rows_affected() != 1 {
        return Err(ledger::taken_over().into());
    }
    transaction.commit().await?;
    let seconds = begun.elapsed().as_secs_f64();
    let summary = StepSummary { step: derivation.step, rows_written, seconds };
    observer.derived(&summary);
    Ok(Some(summary))
}

/// The version that this transaction sees at least.
async fn data_version(connection: &mut PgConnection) -> Step<i64> {
    let version = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM data_version");
    Ok(version.fetch_one(connection).await?)
}

/// What a step has to take in.
#[derive(Debug, Clone, Copy)]
struct Due {
    /// First day whose sales may have changed; none where any may.
    since: Option<NaiveDate>,
}

/// Takes the notes there are. All that they are about is seen by the statements
/// that follow.
async fn take_due(connection: &mut PgConnection, step: &str) -> Step<Option<Due>> {
    let row = sqlx::query(
        "WITH taken AS (DELETE FROM derivation_due WHERE step = $1 RETURNING since) \
         SELECT count(*), \
           CASE WHEN bool_and(since IS NOT NULL) THEN min(since) END FROM taken",
    )
    .bind(step)
    .fetch_one(connection)
    .await?;
    let notes: i64 = row.try_get(0)?;
    Ok(if notes == 0 { None } else { Some(Due { since: row.try_get(1)? }) })
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
