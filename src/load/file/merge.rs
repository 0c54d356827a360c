//! Batches in Postgres: copied to a staging table, merged with one statement, their orphans
//! parked. Batches of several files are merged together.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Row as _, Transaction};
use uuid::Uuid;

use super::change::Change;
use super::statements::Statements;
use crate::dataset::Dataset;
use crate::db::copy_in::copy_in;
use crate::db::layout::Layout;
use crate::error::Error;
use crate::load::counts::{Counts, bigint};
use crate::load::decode::Batch;
use crate::load::failure::LoadResult;
use crate::load::ledger::RunFile;

/// A dataset and its statements.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) dataset: &'static Dataset,
    pub(crate) statements: Statements,
    pub(crate) layout: Layout,
}

impl Target {
    pub(crate) fn new(dataset: &'static Dataset, layout: Layout) -> Self {
        Self { dataset, statements: Statements::new(dataset, layout), layout }
    }
}

/// Begins a transaction with an empty staging table.
pub(crate) async fn begin<'c>(
    connection: &'c mut PgConnection,
    target: &Target,
) -> LoadResult<Transaction<'c, Postgres>> {
    sqlx::query(AssertSqlSafe(target.statements.create_stage.as_str()))
        .execute(&mut *connection)
        .await?;
    let mut transaction = connection.begin().await?;
    if target.layout.is_distributed() {
        // Rows of machines are taken for few, and would be compared with all of a batch one by one.
        sqlx::query("SET LOCAL enable_nestloop = off").execute(&mut *transaction).await?;
    }
    Ok(transaction)
}

/// Copies batches to the staging table of this connection: each is a file of its own there,
/// from 1 in their order.
pub(crate) async fn stage(
    connection: &mut PgConnection,
    target: &Target,
    batches: &[&Batch],
) -> LoadResult<()> {
    if batches.iter().all(|batch| batch.rows.is_empty()) {
        return Ok(());
    }
    let rows = batches.iter().map(|batch| batch.copy.as_slice());
    copy_in(connection, &target.statements.copy, rows).await?;
    Ok(())
}

/// How staged rows are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Parks orphans first: the search costs time, and without it a missing parent violates a
    /// foreign key, where there is one.
    pub(crate) find_orphans: bool,
    /// Takes all rows to be new, which costs less: one that is stored violates the primary key.
    pub(crate) only_new: bool,
}

impl Manner {
    /// Whatever the rows are.
    pub(crate) const ANY: Self = Self { find_orphans: true, only_new: false };
}

/// Merges the staged rows of one file; those of `superseded` ones give way.
pub(crate) async fn merge(
    connection: &mut PgConnection,
    target: &Target,
    batch: &Batch,
    of: RunFile,
    superseded: &[i32],
    manner: Manner,
) -> LoadResult<Counts> {
    let batches = [(of.file, batch)];
    let counts = merge_all(connection, target, of.run, &batches, superseded, manner).await?;
    Ok(counts.first().copied().unwrap_or_default())
}

/// Merges the staged batches, each of the file with that id. Returns the counts of each.
pub(crate) async fn merge_all(
    connection: &mut PgConnection,
    target: &Target,
    run: Uuid,
    batches: &[(i32, &Batch)],
    superseded: &[i32],
    manner: Manner,
) -> LoadResult<Vec<Counts>> {
    let mut counts: BTreeMap<i32, (i64, i64, i64)> = BTreeMap::new();
    let staged = batches.iter().any(|(_, batch)| !batch.rows.is_empty());
    if manner.find_orphans && staged {
        for file in park_orphans(connection, target, run, batches).await? {
            counts.entry(file).or_default().2 += 1;
        }
    }
    let change = match target.layout {
        Layout::Single => None,
        Layout::Distributed => Some(Change::of(connection, target.dataset, batches).await?),
    };
    let files: Vec<i32> = batches.iter().map(|(file, _)| *file).collect();
    let mut rounds = batches.iter().map(|(_, batch)| batch.rounds).max().unwrap_or_default();
    // Of a row that is there twice, the second changes the first.
    if let (true, [file], 1, []) = (manner.only_new, files.as_slice(), rounds, superseded) {
        let insert = sqlx::query(AssertSqlSafe(target.statements.insert.as_str()));
        let inserted = insert.bind(&files).bind(0_i16).execute(&mut *connection).await?;
        counts.entry(*file).or_default().0 += bigint(inserted.rows_affected());
        rounds = 0;
    }
    for round in 0..rounds {
        let query = match superseded {
            [] => sqlx::query(AssertSqlSafe(target.statements.merge.as_str()))
                .bind(&files)
                .bind(round),
            _ => sqlx::query(AssertSqlSafe(target.statements.merge_anew.as_str()))
                .bind(&files)
                .bind(round)
                .bind(superseded),
        };
        let rows = query.fetch_all(&mut *connection).await?;
        for row in rows {
            let of_file = counts.entry(row.try_get(0)?).or_default();
            of_file.0 += row.try_get::<i64, _>(1)?;
            of_file.1 += row.try_get::<i64, _>(2)?;
        }
    }
    let changed = counts.values().any(|(inserted, updated, _)| inserted + updated > 0);
    if let Some(change) = change.filter(|_| changed) {
        change.note(connection).await?;
    }
    let of_batch = |(file, batch): &(i32, &Batch)| {
        let (inserted, updated, parked) = counts.get(file).copied().unwrap_or_default();
        counts_of(batch, inserted, updated, parked)
    };
    Ok(batches.iter().map(of_batch).collect())
}

/// The counts of a merged batch.
pub(crate) fn counts_of(batch: &Batch, inserted: i64, updated: i64, parked: i64) -> Counts {
    let rows = bigint(batch.rows.len());
    Counts {
        read: bigint(batch.records()),
        inserted,
        updated,
        unchanged: rows - inserted - updated - parked,
        rejected: bigint(batch.rejects.len()),
        parked,
        ..Counts::default()
    }
}

/// Staged rows without a parent, each with the first parent it lacks.
#[derive(Debug, Default)]
pub(crate) struct OrphanRows {
    /// The place of each row's batch, from 1.
    pub(crate) files: Vec<i16>,
    pub(crate) lines: Vec<i64>,
    pub(crate) parents: Vec<&'static str>,
    pub(crate) first_keys: Vec<i32>,
    pub(crate) second_keys: Vec<Option<i32>>,
}

/// Removes the orphans from the staging table and returns them.
pub(crate) async fn take_orphans(
    connection: &mut PgConnection,
    target: &Target,
) -> LoadResult<OrphanRows> {
    let mut found = OrphanRows::default();
    for orphans in &target.statements.orphans {
        let from = found.lines.len();
        let rows =
            sqlx::query(AssertSqlSafe(orphans.select.as_str())).fetch_all(&mut *connection).await?;
        for row in rows {
            found.files.push(row.try_get(0)?);
            found.lines.push(row.try_get(1)?);
            found.first_keys.push(row.try_get(2)?);
            found.second_keys.push(row.try_get(3)?);
            found.parents.push(orphans.parent);
        }
        if found.lines.len() > from {
            sqlx::query(AssertSqlSafe(target.statements.unstage.as_str()))
                .bind(found.files.get(from..).unwrap_or_default())
                .bind(found.lines.get(from..).unwrap_or_default())
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(found)
}

/// Parks the orphans; returns the file of each.
async fn park_orphans(
    connection: &mut PgConnection,
    target: &Target,
    run: Uuid,
    batches: &[(i32, &Batch)],
) -> LoadResult<Vec<i32>> {
    let found = take_orphans(connection, target).await?;
    let (mut files, mut offsets, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    let (mut own_first, mut own_second) = (Vec::new(), Vec::new());
    let (mut lines, mut parts) = (Vec::new(), Vec::new());
    for (place, line) in found.files.iter().zip(&found.lines) {
        let batch =
            usize::try_from(*place).ok().and_then(|place| batches.get(place.checked_sub(1)?));
        let line = u64::try_from(*line).unwrap_or_default();
        let row = batch.and_then(|(file, batch)| Some((*file, *batch, batch.row_at_line(line)?)));
        let Some((file, batch, row)) = row else {
            return Err(Error::internal("a staged row is of no batch").into());
        };
        let (line, part) = batch.place(row.line);
        lines.push(bigint(line));
        parts.push(i32::try_from(part).unwrap_or_default());
        files.push(file);
        offsets.push(bigint(row.offset));
        raw.push(batch.raw_of_row(row).into_owned());
        own_first.push(row.key[0]);
        own_second.push(row.key[1]);
    }
    if files.is_empty() {
        return Ok(files);
    }
    sqlx::query(
        "INSERT INTO load_parked \
           (file_id, run_id, dataset, line, part, byte_offset, parent, parent_key, row_key, raw) \
         SELECT file_id, $1, $2, line, part, byte_offset, parent, \
           array_remove(ARRAY[first_key, second_key], NULL), \
           (ARRAY[own_first, own_second])[:$12], raw \
         FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::text[], $7::integer[], \
           $8::integer[], $9::bytea[], $10::integer[], $11::integer[], $13::integer[]) \
           AS orphan (file_id, line, byte_offset, parent, first_key, second_key, raw, \
           own_first, own_second, part)",
    )
    .bind(run)
    .bind(target.dataset.table)
    .bind(&files)
    .bind(lines)
    .bind(offsets)
    .bind(&found.parents)
    .bind(&found.first_keys)
    .bind(&found.second_keys)
    .bind(raw)
    .bind(own_first)
    .bind(own_second)
    .bind(i32::try_from(target.dataset.key.len()).unwrap_or_default())
    .bind(parts)
    .execute(connection)
    .await?;
    Ok(files)
}
