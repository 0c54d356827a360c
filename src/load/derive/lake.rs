//! The lake, after all other steps.

use chrono::Utc;
use sqlx::Connection as _;

use super::recorded::{Step, insert, recorded};
use crate::error::{Code, Error, Result};
pub(super) use crate::lake::curated::STEP;
use crate::lake::curated::{Committed, Curated, LakeFailure, Prepared, shorten};
use crate::load::failure::{Failure, LoadResult};
use crate::load::ledger;
use crate::load::run::observe::Observer;
use crate::load::run::session::Session;
use crate::load::run::summary::StepSummary;

/// How often it is prepared anew because others change its tables.
const MOST_ATTEMPTS: usize = 5;

impl From<LakeFailure> for Failure {
    fn from(failure: LakeFailure) -> Self {
        match failure {
            LakeFailure::Database(error) => error.into(),
            LakeFailure::Other(error) => error.into(),
        }
    }
}

/// Writes what the lake lacks, if there is one. `None` if it lacks nothing.
pub(super) async fn write_lake(
    session: &Session,
    observer: &dyn Observer,
) -> Result<Option<StepSummary>> {
    let Some(lake) = session.lake() else {
        session.retry(STEP, || async { Ok(shorten(&session.pool).await?) }).await?;
        return Ok(None);
    };
    observer.deriving(STEP);
    for _ in 0..MOST_ATTEMPTS {
        if let Some(summary) = session.retry(STEP, || attempt(session, lake)).await? {
            return Ok(summary);
        }
        tracing::warn!("the lake was changed meanwhile; writing it anew");
    }
    let message = "others keep changing the tables of the lake; the next run writes it";
    Err(Error::new(Code::Conflict, message))
}

/// One attempt; `None` if others have changed the lake meanwhile.
async fn attempt(session: &Session, lake: &Curated) -> LoadResult<Option<Option<StepSummary>>> {
    session.check_stop()?;
    let begun = Utc::now();
    let (pool, run) = (&session.pool, session.run());
    let Some(prepared) = Box::pin(lake.prepare(pool, run, &session.stop)).await? else {
        let mut connection = pool.acquire().await?;
        return Ok(Some(recorded(&mut connection, run, STEP).await?));
    };
    let step = Step {
        name: STEP,
        data_version: prepared.data_version(),
        since: None,
        rows_written: prepared.rows_written(),
        begun: Some(begun),
    };
    match Box::pin(commit(session, &prepared, step)).await {
        Ok(true) => {}
        Ok(false) => {
            prepared.give_up(pool).await?;
            return Ok(None);
        }
        Err(failure) => {
            // It does nothing if Postgres has committed it and could not say so.
            if let Err(other) = prepared.give_up(pool).await {
                let error = Error::from(other);
                tracing::debug!(error = error.detail(), "the end of the run gives it up");
            }
            return Err(failure);
        }
    }
    if let Err(failure) = Box::pin(prepared.clean_up(pool)).await {
        let error = Error::from(failure);
        tracing::warn!(error = error.detail(), "the next run removes what the lake needs no more");
    }
    let mut connection = pool.acquire().await?;
    Ok(Some(recorded(&mut connection, run, STEP).await?))
}

/// Commits the lake and the step together; false if others have changed the lake.
async fn commit(session: &Session, prepared: &Prepared, step: Step) -> LoadResult<bool> {
    let mut connection = session.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    // A crash must not undo what readers have seen.
    ledger::commit_to_disk(&mut transaction).await?;
    if prepared.commit(&mut transaction).await? == Committed::Conflict {
        transaction.rollback().await?;
        return Ok(false);
    }
    insert(&mut transaction, session.run(), step).await?;
    transaction.commit().await?;
    Ok(true)
}
