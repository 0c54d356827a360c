//! Stores an answer that is kept raw: its rates as rows and as a curated file, the rest as dead
//! letters. It may be done any number of times, and by several at once.

use sqlx::{Connection as _, PgPool};

use super::curated::parquet;
use super::dead::DeadLetter;
use super::decode::decode;
use super::key::{RawKey, raw_key};
use super::raw::RawAnswer;
use super::rows::{NOTE_CHANGE, Written};
use crate::db::layout::Layout;
use crate::error::{Code, Error, Result};
use crate::lake::Lake;

/// Most bytes of a raw object: the largest answer that may be configured, and what is around it.
const MAX_RAW_BYTES: usize = 257 * 1024 * 1024;

/// What was stored of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// Answers.
    pub answers: u64,
    /// Rates that fit.
    pub rates: u64,
    /// Rows that were inserted, updated or deleted.
    pub changed: u64,
    /// Parts that do not fit.
    pub failures: u64,
}

impl std::ops::AddAssign for Stored {
    fn add_assign(&mut self, other: Self) {
        self.answers += other.answers;
        self.rates += other.rates;
        self.changed += other.changed;
        self.failures += other.failures;
    }
}

/// Stores the answer of a raw object.
///
/// # Errors
/// `BAD_USER_INPUT` if it is none of the lake, `NOT_FOUND` if it is not there, `CONFLICT` if it
/// is not readable, those of S3 and of Postgres.
pub async fn store(lake: &Lake, pool: &PgPool, raw_uri: &str) -> Result<Stored> {
    let key = raw_key(lake, raw_uri)?;
    let raw = read(lake, &key).await?;
    store_answer(lake, pool, &key, &raw).await
}

pub(super) async fn read(lake: &Lake, key: &RawKey) -> Result<RawAnswer> {
    let uri = lake.uri_of(&key.raw());
    let Some(bytes) = lake.get(&key.raw(), MAX_RAW_BYTES).await? else {
        return Err(Error::new(Code::NotFound, format!("the raw answer {uri} is not there")));
    };
    RawAnswer::of_avro(&bytes).map_err(|problem| {
        Error::new(Code::Conflict, format!("the raw answer {uri} cannot be read: {problem}"))
    })
}

pub(super) async fn store_answer(
    lake: &Lake,
    pool: &PgPool,
    key: &RawKey,
    raw: &RawAnswer,
) -> Result<Stored> {
    let decoded = decode(raw);
    let rates = decoded.rates;
    let dead: Vec<DeadLetter> =
        decoded.misfits.into_iter().map(|misfit| DeadLetter::of(lake, key, misfit)).collect();
    // The files first: what the tables name is there.
    if rates.is_empty() {
        lake.delete(&key.curated()).await?;
    } else {
        lake.put(&key.curated(), parquet(key, raw, &rates)?).await?;
    }
    for letter in &dead {
        lake.put(&letter.key, letter.to_json(lake, key, raw)).await?;
    }
    let uri = lake.uri_of(&key.raw());
    let written = Written { uri: &uri, raw, rates: &rates, dead: &dead };
    let mut connection = pool.acquire().await?;
    let resolved = written.resolved_failures(&mut connection).await?;
    // Before their rows, which alone tell where they are; and outside of the transaction, for
    // whose end other writers wait.
    for (_, uri) in &resolved {
        // Those of a former lake stay there.
        if lake.require_key(uri).is_ok() {
            lake.delete_uri(uri).await?;
        }
    }
    let layout = Layout::seen_by(&mut connection).await?;
    let mut transaction = connection.begin().await?;
    let changed = written.write_rates(&mut transaction, layout).await?;
    written.write_failures(&mut transaction, resolved).await?;
    transaction.commit().await?;
    if changed > 0 && layout.is_distributed() {
        // The version moved before the rows were visible on all machines.
        sqlx::query(NOTE_CHANGE).execute(&mut *connection).await?;
    }
    let (given, failures) = (rates.len() as u64, dead.len() as u64);
    tracing::info!(raw = uri, rates = given, changed, failures, "currency rates are stored");
    Ok(Stored { answers: 1, rates: given, changed, failures })
}
