//! What an attempt is about to commit to a catalogue outside of Postgres.
//!
//! It is told to Postgres before. After a crash between the two commits, whoever writes the lake
//! next sees in the catalogue what was committed: that is recorded here, and its notes are
//! removed, as the attempt would have done. A table that was not is noted anew.

use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::due::{self, Months};
use super::failure::LakeResult;
use super::held::Held;
use super::record;
use super::snapshot::Written;
use crate::error::{Code, Error, Result};
use crate::lake::rest::Loaded;

/// The step in the ledger of a run.
pub const STEP: &str = "lake";

/// See the module.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Intent {
    /// Which catalogue.
    pub(super) catalog: String,
    pub(super) data_version: i64,
    pub(super) notes: Vec<Uuid>,
    pub(super) tables: Vec<Intended>,
}

/// A table of an intent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Intended {
    name: String,
    months: Months,
    snapshot: Option<i64>,
    rows_written: i64,
    expired: Vec<i64>,
    unneeded: Vec<String>,
}

impl Intended {
    pub(super) fn of(table: &Written) -> Self {
        let snapshot = table.snapshot.as_ref();
        Self {
            name: table.name.to_owned(),
            months: table.months.clone(),
            snapshot: snapshot.map(|snapshot| snapshot.id),
            rows_written: snapshot.map_or(0, |snapshot| snapshot.rows_written),
            expired: table.expired.clone(),
            unneeded: table.unneeded.clone(),
        }
    }

    /// Whether the catalogue has it.
    pub(super) fn is_done(&self, loaded: &Loaded) -> bool {
        let has = |id: i64| loaded.metadata.snapshots().iter().any(|one| one.snapshot_id == id);
        self.snapshot.is_none_or(has) && !self.expired.iter().any(|id| has(*id))
    }
}

/// Whoever commits to a catalogue outside of Postgres does it alone, until the transaction ends.
pub(super) async fn alone(connection: &mut PgConnection) -> LakeResult<()> {
    sqlx::query("SELECT FROM lake_watch FOR UPDATE").execute(connection).await?;
    Ok(())
}

/// Tells what an attempt is about to commit.
///
/// # Errors
/// `LOCKED` if it was given up.
pub(super) async fn tell(pool: &PgPool, attempt: Uuid, intent: &Intent) -> LakeResult<()> {
    let failed = |error| Error::internal("an intent cannot be written").with_source(error);
    let text = serde_json::to_string(intent).map_err(failed)?;
    let told =
        sqlx::query("UPDATE lake_attempt SET intent = $2::jsonb WHERE id = $1 AND dead_at IS NULL")
            .bind(attempt)
            .bind(text)
            .execute(pool)
            .await?;
    if told.rows_affected() == 1 { Ok(()) } else { Err(taken_over().into()) }
}

/// Keeps an attempt from being given up until the transaction ends.
///
/// # Errors
/// `LOCKED` if it was given up.
pub(super) async fn hold(connection: &mut PgConnection, attempt: Uuid) -> LakeResult<()> {
    let held = sqlx::query("SELECT FROM lake_attempt WHERE id = $1 AND dead_at IS NULL FOR UPDATE")
        .bind(attempt)
        .fetch_optional(connection)
        .await?;
    if held.is_some() { Ok(()) } else { Err(taken_over().into()) }
}

pub(super) fn taken_over() -> Error {
    Error::new(Code::Locked, "another loader took over this run; the lake is as it was")
}

/// Finds out what became of the intents of attempts that were given up.
pub(super) async fn settle(pool: &PgPool, catalog: &str, held: &Held) -> LakeResult<()> {
    let mut transaction = pool.begin().await?;
    alone(&mut transaction).await?;
    let rows = sqlx::query(
        "SELECT id, run_id, intent::text FROM lake_attempt \
         WHERE dead_at IS NOT NULL AND intent IS NOT NULL ORDER BY id FOR UPDATE",
    )
    .fetch_all(&mut *transaction)
    .await?;
    for row in rows {
        let (id, run, text): (Uuid, Uuid, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let intent = parse(&text)?;
        if intent.catalog == catalog {
            settle_one(&mut transaction, id, run, &intent, held).await?;
        }
        sqlx::query("UPDATE lake_attempt SET intent = NULL WHERE id = $1")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

fn parse(text: &str) -> Result<Intent> {
    let failed = |error| Error::internal("an intent of the lake cannot be read").with_source(error);
    serde_json::from_str(text).map_err(failed)
}

async fn settle_one(
    connection: &mut PgConnection,
    attempt: Uuid,
    run: Uuid,
    intent: &Intent,
    held: &Held,
) -> LakeResult<()> {
    let mut rows_written = 0;
    let mut undone = Vec::new();
    let mut is_any_done = false;
    for table in &intent.tables {
        match held.loaded(&table.name).filter(|loaded| table.is_done(loaded)) {
            Some(loaded) => {
                record::loaded(connection, &table.name, loaded, &table.unneeded).await?;
                rows_written += table.rows_written;
                is_any_done = true;
            }
            None => undone.push(table),
        }
    }
    if !is_any_done {
        // All of it is still noted.
        return Ok(());
    }
    tracing::info!(%attempt, "the lake has what an attempt committed that ended early");
    for table in undone {
        due::note(connection, &table.name, &table.months).await?;
    }
    sqlx::query("DELETE FROM lake_due WHERE id = ANY ($1)")
        .bind(&intent.notes)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO load_step AS known \
             (run_id, step, data_version, started_at, finished_at, rows_written) \
         SELECT load_run.id, $2, $3, begun_at, clock_timestamp(), $4 \
         FROM load_run JOIN lake_attempt ON lake_attempt.id = $5 \
         WHERE load_run.id = $1 AND state = 'running' \
         ON CONFLICT (run_id, step) DO UPDATE SET data_version = excluded.data_version, \
             finished_at = excluded.finished_at, \
             rows_written = known.rows_written + excluded.rows_written",
    )
    .bind(run)
    .bind(STEP)
    .bind(intent.data_version)
    .bind(rows_written)
    .bind(attempt)
    .execute(connection)
    .await?;
    Ok(())
}
