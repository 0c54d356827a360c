//! One batch in Postgres: copied to a staging table, merged with one statement, its
//! orphans parked.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Row as _, Transaction};

use super::statements::Statements;
use crate::dataset::Dataset;
use crate::load::counts::{Counts, bigint};
use crate::load::decode::Batch;
use crate::load::failure::LoadResult;
use crate::load::ledger::{self, RunFile};

/// Bytes sent at a time: a connection's write buffer keeps the size of the largest
/// piece it ever held.
const COPY_PIECE: usize = 64 * 1024;

/// A dataset and its statements.
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

/// Begins a transaction with an empty staging table.
pub(crate) async fn begin<'c>(
    connection: &'c mut PgConnection,
    target: &Target,
) -> LoadResult<Transaction<'c, Postgres>> {
    sqlx::query(AssertSqlSafe(target.statements.create_stage.as_str()))
        .execute(&mut *connection)
        .await?;
    Ok(connection.begin().await?)
}

/// Copies a batch to the staging table of this connection.
pub(crate) async fn stage(
    connection: &mut PgConnection,
    target: &Target,
    batch: &Batch,
) -> LoadResult<()> {
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

/// Merges the staged rows. Parks orphans first if asked to: the search costs time, and
/// without it a missing parent violates a foreign key.
pub(crate) async fn merge(
    connection: &mut PgConnection,
    target: &Target,
    batch: &Batch,
    of: RunFile,
    find_orphans: bool,
) -> LoadResult<Counts> {
    let parked = if find_orphans && !batch.rows.is_empty() {
        park_orphans(connection, target, batch, of).await?
    } else {
        0
    };
    let (mut inserted, mut updated) = (0, 0);
    for round in 0..batch.rounds {
        let row = sqlx::query(AssertSqlSafe(target.statements.merge.as_str()))
            .bind(of.file)
            .bind(round)
            .fetch_one(&mut *connection)
            .await?;
        inserted += row.try_get::<i64, _>(0)?;
        updated += row.try_get::<i64, _>(1)?;
    }
    Ok(ledger::counts_of(batch, inserted, updated, parked))
}

/// Staged rows without a parent, each with the first parent it lacks.
#[derive(Debug, Default)]
pub(crate) struct OrphanRows {
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
    of: RunFile,
) -> LoadResult<i64> {
    let found = take_orphans(connection, target).await?;
    if found.lines.is_empty() {
        return Ok(0);
    }
    let row = |line: &i64| u64::try_from(*line).ok().and_then(|line| batch.row_at_line(line));
    let offsets: Vec<i64> =
        found.lines.iter().map(|line| row(line).map_or(0, |row| bigint(row.offset))).collect();
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
    Ok(bigint(parked.rows_affected()))
}
