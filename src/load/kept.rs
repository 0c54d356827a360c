//! Rows that were kept aside and are taken up again: parked ones whose parent has
//! arrived, and rejects that are replayed. A row leaves its shelf in the same
//! transaction that merges it.

use std::sync::Arc;
use std::time::Instant;

use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use uuid::Uuid;

use super::counts::{Counts, count, place};
use super::decode::{BatchLimits, Dialect, decode_kept};
use super::failure::{Failure, Step};
use super::ledger::{self, BatchOf};
use super::merge::{self, Merged, Origin, Target};
use super::run::Context;
use super::summary::FileSummary;
use crate::error::{Code, Error, Result};

/// Rows taken up in one transaction: few, because each is held whole in memory.
pub(crate) const PAGE: usize = 1_000;

/// Where rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shelf {
    Parked,
    Rejected,
}

/// A kept row: line and byte offset in its file, and its raw text.
pub(crate) type KeptRow = (u64, u64, Vec<u8>);

/// Takes up every parked row of the dataset whose parent has arrived.
pub(crate) async fn resolve_parked(
    context: &Arc<Context>,
    target: &Target,
) -> Result<Vec<FileSummary>> {
    let mut summaries: Vec<(i32, FileSummary)> = Vec::new();
    if target.dataset.parents.is_empty() {
        return Ok(Vec::new());
    }
    let mut after = (0_i32, 0_i64);
    loop {
        let begun = Instant::now();
        let page = match resolvable(context, target, after).await {
            Err(Failure::Lost(error)) => {
                context.lock.recover(error).await?;
                continue;
            }
            page => page?,
        };
        let Some((file, rows)) = page else { break };
        let last = rows.last().map_or(0, |(line, _, _)| place(*line));
        let taken = {
            let mut connection = context.pool.acquire().await.map_err(Failure::from)?;
            let of = Taking {
                run: context.run(),
                file,
                shelf: Shelf::Parked,
                limits: context.options.limits,
            };
            take_up(&mut connection, target, of, &rows).await
        };
        let counts = match taken {
            Err(Failure::Lost(error)) => {
                context.lock.recover(error).await?;
                continue;
            }
            taken => taken?,
        };
        after = (file, last);
        let seconds = begun.elapsed().as_secs_f64();
        match summaries.iter_mut().find(|(known, _)| *known == file) {
            Some((_, summary)) => {
                summary.counts += counts;
                summary.seconds += seconds;
            }
            None => {
                let key = file_key(context, file).await?;
                let dataset = target.dataset.table;
                let summary =
                    FileSummary { dataset, key, counts, seconds, error: None, samples: Vec::new() };
                summaries.push((file, summary));
            }
        }
        context.check_stop()?;
    }
    Ok(summaries.into_iter().map(|(_, summary)| summary).collect())
}

/// The next page of resolvable rows, all of one file.
async fn resolvable(
    context: &Context,
    target: &Target,
    after: (i32, i64),
) -> Step<Option<(i32, Vec<KeptRow>)>> {
    let mut connection = context.pool.acquire().await?;
    let rows = sqlx::query(AssertSqlSafe(target.statements.resolvable.as_str()))
        .bind(target.dataset.table)
        .bind(after.0)
        .bind(after.1)
        .bind(count(PAGE))
        .fetch_all(&mut *connection)
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let file: i32 = first.try_get(0)?;
    let mut page = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.try_get::<i32, _>(0)? != file {
            break;
        }
        page.push(kept_row(row)?);
    }
    Ok(Some((file, page)))
}

/// Columns 1 to 3: line, byte offset, raw text.
pub(crate) fn kept_row(row: &sqlx::postgres::PgRow) -> Step<KeptRow> {
    let line: i64 = row.try_get(1)?;
    let offset: i64 = row.try_get(2)?;
    let raw: Vec<u8> = row.try_get(3)?;
    Ok((u64::try_from(line).unwrap_or_default(), u64::try_from(offset).unwrap_or_default(), raw))
}

async fn file_key(context: &Context, file: i32) -> Result<String> {
    let mut connection = context.pool.acquire().await.map_err(Failure::from)?;
    let key = sqlx::query_scalar("SELECT object_key FROM load_file WHERE id = $1")
        .bind(file)
        .fetch_one(&mut *connection)
        .await
        .map_err(Failure::from)?;
    Ok(key)
}

/// Whose rows are taken up, from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taking {
    pub(crate) run: Uuid,
    pub(crate) file: i32,
    pub(crate) shelf: Shelf,
    pub(crate) limits: BatchLimits,
}

/// Takes rows of one file off their shelf and merges them; one that is still no
/// good goes back to where it belongs.
pub(crate) async fn take_up(
    connection: &mut PgConnection,
    target: &Target,
    of: Taking,
    rows: &[KeptRow],
) -> Step<Counts> {
    let dialect = dialect(connection, of.file).await?;
    let batch = decode_kept(target.dataset, &dialect, rows, of.limits)?;
    sqlx::query(AssertSqlSafe(target.statements.create_stage.as_str()))
        .execute(&mut *connection)
        .await?;
    let mut transaction = connection.begin().await?;
    let unshelve = match of.shelf {
        Shelf::Parked => "DELETE FROM load_parked WHERE file_id = $1 AND line = ANY ($2)",
        Shelf::Rejected => "DELETE FROM load_reject WHERE file_id = $1 AND line = ANY ($2)",
    };
    let taken = sqlx::query(unshelve)
        .bind(of.file)
        .bind(rows.iter().map(|(line, _, _)| place(*line)).collect::<Vec<_>>())
        .execute(&mut *transaction)
        .await?;
    if taken.rows_affected() != rows.len() as u64 {
        return Err(Error::new(Code::Conflict, "another loader took these rows up").into());
    }
    merge::stage(&mut transaction, target, &batch).await?;
    let origin = Origin { run: of.run, file: of.file, look_for_orphans: true };
    let Merged::Done(mut counts) = merge::merge(&mut transaction, target, &batch, origin).await?
    else {
        return Err(Error::internal("a parent vanished during the load").into());
    };
    ledger::reject(&mut transaction, of.run, of.file, &batch).await?;
    let back = std::mem::take(&mut counts.read);
    match of.shelf {
        Shelf::Parked => counts.parked -= back,
        Shelf::Rejected => counts.rejected -= back,
    }
    let of = BatchOf { run: of.run, file: of.file, elapsed_ms: 0 };
    ledger::commit_kept(&mut transaction, of, counts).await?;
    transaction.commit().await?;
    Ok(counts)
}

async fn dialect(connection: &mut PgConnection, file: i32) -> Step<Dialect> {
    let Json(dialect) =
        sqlx::query_scalar::<_, Json<Dialect>>("SELECT dialect FROM load_file WHERE id = $1")
            .bind(file)
            .fetch_one(connection)
            .await?;
    Ok(dialect)
}
