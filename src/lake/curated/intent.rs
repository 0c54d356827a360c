//! What an attempt is about to commit to a catalogue outside of Postgres.
//!
//! It is told to Postgres before. After a crash between the two commits, whoever writes the lake
//! next sees in the catalogue what was committed: that is recorded here, and its notes are
//! removed, as the attempt would have done. A table that was not is noted anew. A request may
//! still be on its way then: what was told is kept until it cannot be done any more, and what is
//! done late is noted, as others may have written meanwhile.

use serde::{Deserialize, Serialize};
use sqlx::{Executor as _, PgConnection, PgPool};
use uuid::Uuid;

use super::attempt::{self, Dead};
use super::due::{self, Months};
use super::failure::LakeResult;
use super::held::{Held, has_ended};
use super::record;
use super::snapshot::Written;
use crate::error::{Code, Error, Result};
use crate::lake::rest::Loaded;

/// The step in the ledger of a run.
pub const STEP: &str = "lake";

/// See the module.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Intent {
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
    let text = text_of(intent)?;
    let mut transaction = pool.begin().await?;
    // The catalogue has it for good: Postgres must not forget it in a crash.
    transaction.execute("SET LOCAL synchronous_commit = on").await?;
    let told =
        sqlx::query("UPDATE lake_attempt SET intent = $2::jsonb WHERE id = $1 AND dead_at IS NULL")
            .bind(attempt)
            .bind(text)
            .execute(&mut *transaction)
            .await?;
    transaction.commit().await?;
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
    for dead in attempt::dead(&mut transaction, Some(catalog)).await? {
        let Some(text) = &dead.intent else { continue };
        let left = settle_one(&mut transaction, &dead, parse(text)?, held).await?;
        sqlx::query(
            "UPDATE lake_attempt SET intent = $2::jsonb, \
                 settled_at = coalesce(settled_at, clock_timestamp()) WHERE id = $1",
        )
        .bind(dead.id)
        .bind(left.as_ref().map(text_of).transpose()?)
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

fn text_of(intent: &Intent) -> Result<String> {
    let failed = |error| Error::internal("an intent cannot be written").with_source(error);
    serde_json::to_string(intent).map_err(failed)
}

/// Tells what may still be done; `None` if nothing may.
async fn settle_one(
    connection: &mut PgConnection,
    dead: &Dead,
    intent: Intent,
    held: &Held,
) -> LakeResult<Option<Intent>> {
    let Intent { data_version, notes, tables } = intent;
    let (mut done, mut undone, mut pending) = (Vec::new(), Vec::new(), Vec::new());
    for table in tables {
        match held.loaded(&table.name) {
            Some(loaded) if table.is_done(loaded) => {
                record::loaded(connection, &table.name, loaded, &table.unneeded).await?;
                // What has expired has changed no row.
                if table.snapshot.is_some() {
                    done.push(table);
                }
            }
            Some(loaded) if !has_ended(dead, &table.name, loaded) => pending.push(table),
            _ => undone.push(table),
        }
    }
    if !done.is_empty() {
        let attempt = dead.id;
        tracing::info!(%attempt, "the lake has what an attempt committed that ended early");
        let is_alone = !dead.is_settled && are_there(connection, &notes).await?;
        let late = done.iter().filter(|_| !is_alone);
        for table in undone.iter().chain(&pending).chain(late) {
            due::note(connection, &table.name, &table.months).await?;
        }
        if is_alone {
            sqlx::query("DELETE FROM lake_due WHERE id = ANY ($1)")
                .bind(&notes)
                .execute(&mut *connection)
                .await?;
            let rows_written = done.iter().map(|table| table.rows_written).sum();
            record_step(connection, dead, data_version, rows_written).await?;
        }
    }
    let left = Intent { data_version, notes, tables: pending };
    Ok((!left.tables.is_empty()).then_some(left))
}

/// Whether nobody has removed any of these notes: nobody has written what they tell.
async fn are_there(connection: &mut PgConnection, notes: &[Uuid]) -> LakeResult<bool> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM lake_due WHERE id = ANY ($1)")
        .bind(notes)
        .fetch_one(connection)
        .await?;
    Ok(usize::try_from(count) == Ok(notes.len()))
}

/// Records the step in the ledger, if the run goes on.
async fn record_step(
    connection: &mut PgConnection,
    dead: &Dead,
    data_version: i64,
    rows_written: i64,
) -> LakeResult<()> {
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
    .bind(dead.run)
    .bind(STEP)
    .bind(data_version)
    .bind(rows_written)
    .bind(dead.id)
    .execute(connection)
    .await?;
    Ok(())
}
