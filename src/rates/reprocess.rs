//! Stores raw answers again: after the schema has changed, or what was made of them was lost.

use chrono::NaiveDate;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::key::{RawKey, raw_of_day};
use super::store::{Stored, read, store_answer};
use crate::error::{Code, Error, Result};
use crate::lake::Lake;

/// Stores all answers again that were fetched on these days, in UTC. The newest come first: a
/// rate that one no longer gives comes from an older one.
///
/// # Errors
/// `UNAVAILABLE` and `TIMEOUT` at once; what was stored before stays. The first of the others
/// of [`super::store()`] at the end: an answer that cannot be read keeps none of the others
/// from being stored.
pub async fn reprocess(
    lake: &Lake,
    pool: &PgPool,
    days: (NaiveDate, NaiveDate),
    stop: &CancellationToken,
) -> Result<Stored> {
    let (first, last) = days;
    let (mut all, mut failed, mut first_error) = (Stored::default(), 0_u64, None);
    let days: Vec<NaiveDate> = first.iter_days().take_while(|day| *day <= last).collect();
    for day in days.into_iter().rev() {
        for key in raw_of_day(lake, day).await?.into_iter().rev() {
            if stop.is_cancelled() {
                return Err(Error::new(Code::Unavailable, "reprocessing was interrupted"));
            }
            match again(lake, pool, &key).await {
                Ok(stored) => all += stored,
                // The next one would fail as well.
                Err(error) if matches!(error.code(), Code::Unavailable | Code::Timeout) => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::warn!(error = error.detail(), "an answer is left out");
                    failed += 1;
                    first_error = first_error.or(Some(error));
                }
            }
        }
    }
    let Some(error) = first_error else { return Ok(all) };
    let stored = all.answers;
    let message = format!("{}; {stored} answers are stored, {failed} not", error.message());
    Err(Error::new(error.code(), message).with_source(error))
}

async fn again(lake: &Lake, pool: &PgPool, key: &RawKey) -> Result<Stored> {
    let raw = read(lake, key).await?;
    match raw.is_final {
        true => store_answer(lake, pool, key, &raw).await,
        false => Ok(Stored::default()),
    }
}
