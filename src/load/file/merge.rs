//! One batch in Postgres: copied into the stage, merged in one set-based
//! statement, its orphans parked, its rejects written, the ledger moved.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::statements::Statements;
use crate::dataset::Dataset;
use crate::load::counts::{Counts, place};
use crate::load::decode::Batch;
use crate::load::failure::{Step, is_missing_parent};
use crate::load::ledger;

/// What is handed to a connection at a time: its write buffer keeps the size of
/// the largest piece it ever took.
const COPY_PIECE: usize = 64 * 1024;

/// A dataset with its statements.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) dataset: &'static Dataset,
    pub(crate) statements: Statements,
}

impl Target {
    pub(crate) fn new(dataset: &'static Dataset) -> Self {
        Self { dataset, statements: Statements::new(dataset) }
    }
}

/// What merging a batch came to.
#[derive(Debug)]
pub(crate) enum Merged {
    /// So many rows of each kind.
    Done(Counts),
    /// A parent is missing: the transaction is broken, and the batch must be
    /// merged anew with its orphans looked for first.
    MissingParent,
}

/// Copies a batch into the stage of this connection.
pub(crate) async fn stage(
    connection: &mut PgConnection,
    target: &Target,
    batch: &Batch,
) -> Step<()> {
    if batch.rows.is_empty() {
        return Ok(());
    }
    let mut copy = connection.copy_in_raw(&target.statements.copy).await?;
    for piece in batch.copy.chunks(COPY_PIECE) {
        copy.send(piece).await?;
    }
    copy.finish().await?;
    Ok(())
}

/// Merges what is staged. Foreign keys would find a missing parent as well, so
/// orphans are looked for only once a file is known to have some.
pub(crate) async fn merge(
    connection: &mut PgConnection,
    target: &Target,
    batch: &Batch,
    of: Origin,
) -> Step<Merged> {
    let parked = if of.look_for_orphans && !batch.rows.is_empty() {
        park_orphans(connection, target, batch, of).await?
    } else {
        0
    };
    let (mut inserted, mut updated) = (0, 0);
    for round in 0..batch.rounds {
        let merged = sqlx::query(AssertSqlSafe(target.statements.merge.as_str()))
            .bind(of.file)
            .bind(round)
            .fetch_one(&mut *connection)
            .await;
        match merged {
            Ok(row) => {
                inserted += row.try_get::<i64, _>(0)?;
                updated += row.try_get::<i64, _>(1)?;
            }
            Err(error) if !of.look_for_orphans && is_missing_parent(&error) => {
                return Ok(Merged::MissingParent);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Merged::Done(ledger::counts_of(batch, inserted, updated, parked)))
}

/// Where a batch comes from and how to merge it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) run: Uuid,
    pub(crate) file: i32,
    pub(crate) look_for_orphans: bool,
}

/// Staged rows that lack a parent, found by the first parent they lack.
#[derive(Debug, Default)]
pub(crate) struct OrphanRows {
    pub(crate) lines: Vec<i64>,
    pub(crate) parents: Vec<&'static str>,
    pub(crate) first_keys: Vec<i32>,
    pub(crate) second_keys: Vec<Option<i32>>,
}

/// Takes the staged rows whose parent is missing off the stage and tells them.
pub(crate) async fn take_orphans(
    connection: &mut PgConnection,
    target: &Target,
) -> Step<OrphanRows> {
    let mut found = OrphanRows::default();
    for orphans in &target.statements.orphans {
        let from = found.lines.len();
        let rows =
            sqlx::query(AssertSqlSafe(orphans.select.as_str())).fetch_all(&mut *connection).await?;
        for row in rows {
            found.lines.push(row.try_get(0)?);
            found.first_keys.push(row.try_get(1)?);
            found.second_keys.push(row.try_get(2)?);
            found.parents.push(orphans.parent);
        }
        if found.lines.len() > from {
            sqlx::query(AssertSqlSafe(target.statements.unstage.as_str()))
                .bind(found.lines.get(from..).unwrap_or_default())
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(found)
}

async fn park_orphans(
    connection: &mut PgConnection,
    target: &Target,
    batch: &Batch,
    of: Origin,
) -> Step<i64> {
    let found = take_orphans(connection, target).await?;
    if found.lines.is_empty() {
        return Ok(0);
    }
    let row = |line: &i64| u64::try_from(*line).ok().and_then(|line| batch.row_at_line(line));
    let offsets: Vec<i64> =
        found.lines.iter().map(|line| row(line).map_or(0, |row| place(row.offset))).collect();
    let raw: Vec<&[u8]> = found
        .lines
        .iter()
        .map(|line| row(line).map_or(&[][..], |row| batch.raw_of_row(row)))
        .collect();
    let parked = sqlx::query(
        "INSERT INTO load_parked \
           (file_id, run_id, dataset, line, byte_offset, parent, parent_key, raw) \
         SELECT $1, $2, $3, line, byte_offset, parent, \
           array_remove(ARRAY[first_key, second_key], NULL), raw \
         FROM unnest($4::bigint[], $5::bigint[], $6::text[], $7::integer[], $8::integer[], \
           $9::bytea[]) AS orphan (line, byte_offset, parent, first_key, second_key, raw)",
    )
    .bind(of.file)
    .bind(of.run)
    .bind(target.dataset.table)
    .bind(&found.lines)
    .bind(offsets)
    .bind(&found.parents)
    .bind(&found.first_keys)
    .bind(&found.second_keys)
    .bind(raw)
    .execute(connection)
    .await?;
    Ok(i64::try_from(parked.rows_affected()).unwrap_or(i64::MAX))
}
