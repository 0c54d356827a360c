//! The ledger's statements: runs, file versions, checkpoints. A batch's entries are
//! written in the batch's own transaction. `group` has those of files that share one,
//! `readings` what is known of a version,
//! `page` those of pages of documents, `raw` those of versions that are kept,
//! `rejects` writes rejected rows.

pub(super) mod group;
pub(super) mod page;
pub(super) mod raw;
mod readings;
pub(super) mod rejects;

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::Json;
use sqlx::{Connection as _, PgConnection, Postgres, Row as _};
use uuid::Uuid;

pub(crate) use self::readings::{Known, ReadBy, known};
use crate::config::LoadMode;
use crate::dataset::Dataset;
use crate::error::{Code, Error};
use crate::load::counts::{Counts, bigint};
use crate::load::decode::{Batch, Checkpoint, Dialect};
use crate::load::failure::{Failure, LoadResult};
use crate::load::run::known::Ending;
use crate::load::run::summary::RunSummary;
use crate::storage::ObjectVersion;

/// A file within a run: the key of `load_run_file`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunFile {
    pub(crate) run: Uuid,
    pub(crate) file: i32,
}

/// A file version in the ledger.
#[derive(Debug)]
pub(crate) struct FileEntry {
    /// `load_file.id`.
    pub(crate) id: i32,
    /// Whether it is loaded to its end.
    pub(crate) loaded: bool,
    /// The entries of earlier readings of the version in other formats.
    pub(crate) superseded: Vec<i32>,
    /// The mode in which it was begun.
    pub(crate) mode: LoadMode,
    /// Where to resume; `None` if it was never begun.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Whether its last batch is committed.
    pub(crate) at_end: bool,
    /// Its totals of earlier runs.
    pub(crate) totals: FileTotals,
}

/// A file's totals over all runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileTotals {
    pub(crate) read: i64,
    pub(crate) rejected: i64,
}

/// Finds or inserts the version's entry, for this run: one for each format in which it is
/// read. Rows, rejects and parked rows
/// will refer to it, so a crash of Postgres must not undo it.
pub(crate) async fn enter(
    connection: &mut PgConnection,
    by: ReadBy,
    dataset: &Dataset,
    object: &ObjectVersion,
    mapping: &str,
) -> LoadResult<FileEntry> {
    let mut transaction = connection.begin().await?;
    commit_to_disk(&mut transaction).await?;
    let readings = readings::readings(&mut transaction, by, &[object]).await?;
    let place = readings.first().cloned().unwrap_or_default().place(mapping);
    let row = sqlx::query(
        "WITH entry AS (\
           INSERT INTO load_file AS file (dataset, bucket, object_key, etag, version_id, \
             byte_size, first_run_id, last_run_id, mapping) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) \
           ON CONFLICT (bucket, object_key, etag, version_id, mapping) DO UPDATE \
           SET last_run_id = CASE WHEN file.state = 'loaded' THEN file.last_run_id ELSE $7 END, \
               state = CASE WHEN file.state = 'failed' THEN 'loading' ELSE file.state END, \
               finished_at = CASE WHEN file.state = 'failed' THEN NULL ELSE file.finished_at END, \
               error_code = NULL, error_message = NULL \
           RETURNING id, state, mode, dialect, rows_read, rows_rejected) \
         SELECT entry.id, entry.state = 'loaded' AS loaded, entry.mode = 'mirror' AS mirrored, \
           entry.dialect, entry.rows_read, entry.rows_rejected, checkpoint.byte_offset, \
           checkpoint.line, coalesce(checkpoint.at_end, false) AS at_end \
         FROM entry LEFT JOIN load_checkpoint AS checkpoint ON checkpoint.file_id = entry.id",
    )
    .bind(dataset.table)
    .bind(&object.bucket)
    .bind(&object.key)
    .bind(&object.etag)
    .bind(object.version_id.as_deref().unwrap_or_default())
    .bind(bigint(object.size))
    .bind(by.run)
    .bind(&place.mapping)
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let dialect: Option<Json<Dialect>> = row.try_get("dialect")?;
    let offset: Option<i64> = row.try_get("byte_offset")?;
    let line: Option<i64> = row.try_get("line")?;
    let checkpoint = match (dialect, offset, line) {
        (Some(Json(dialect)), Some(offset), Some(line)) => Some(Checkpoint {
            dialect,
            offset: u64::try_from(offset).unwrap_or_default(),
            line: u64::try_from(line).unwrap_or_default(),
        }),
        _ => None,
    };
    let totals =
        FileTotals { read: row.try_get("rows_read")?, rejected: row.try_get("rows_rejected")? };
    let mirrored: bool = row.try_get("mirrored")?;
    Ok(FileEntry {
        id: row.try_get("id")?,
        loaded: row.try_get("loaded")?,
        superseded: place.superseded,
        mode: if mirrored { LoadMode::Mirror } else { LoadMode::Merge },
        checkpoint,
        at_end: row.try_get("at_end")?,
        totals,
    })
}

/// Records the mode, the dialect and the first checkpoint.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    file: i32,
    mode: LoadMode,
    first: &Checkpoint,
) -> LoadResult<()> {
    sqlx::query(
        "WITH begun AS (UPDATE load_file SET dialect = $2, mode = $5 WHERE id = $1) \
         INSERT INTO load_checkpoint (file_id, byte_offset, line) VALUES ($1, $3, $4)",
    )
    .bind(file)
    .bind(Json(&first.dialect))
    .bind(bigint(first.offset))
    .bind(bigint(first.line))
    .bind(mode.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Records what a batch told of the dialect.
pub(crate) async fn learn(
    connection: &mut PgConnection,
    file: i32,
    dialect: &Dialect,
) -> LoadResult<()> {
    sqlx::query("UPDATE load_file SET dialect = $2 WHERE id = $1")
        .bind(file)
        .bind(Json(dialect))
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes this transaction's commit synchronous, which flushes every commit before it.
/// What was reported as done must survive a crash of Postgres.
pub(crate) async fn commit_to_disk(connection: &mut PgConnection) -> LoadResult<()> {
    sqlx::query("SET LOCAL synchronous_commit = on").execute(connection).await?;
    Ok(())
}

/// Adds counts to the file in this run and to its totals, if `$moved` finds the file in
/// a run that is still running.
macro_rules! add_counts {
    ($moved:literal) => {
        concat!(
            "WITH run AS (SELECT id FROM load_run WHERE id = $1 AND state = 'running' FOR SHARE), \
             moved AS (",
            $moved,
            "), done AS (INSERT INTO load_run_file AS total (run_id, file_id, rows_read, \
                 rows_inserted, rows_updated, rows_unchanged, rows_rejected, rows_parked, \
                 elapsed_ms) \
               SELECT $1, file_id, $3, $4, $5, $6, $7, $8, $9 FROM moved \
               ON CONFLICT (run_id, file_id) DO UPDATE SET \
                 rows_read = total.rows_read + excluded.rows_read, \
                 rows_inserted = total.rows_inserted + excluded.rows_inserted, \
                 rows_updated = total.rows_updated + excluded.rows_updated, \
                 rows_unchanged = total.rows_unchanged + excluded.rows_unchanged, \
                 rows_rejected = total.rows_rejected + excluded.rows_rejected, \
                 rows_parked = total.rows_parked + excluded.rows_parked, \
                 elapsed_ms = greatest(total.elapsed_ms, excluded.elapsed_ms)) \
             UPDATE load_file AS file SET \
               rows_read = rows_read + $3, rows_inserted = rows_inserted + $4, \
               rows_updated = rows_updated + $5, rows_unchanged = rows_unchanged + $6, \
               rows_rejected = rows_rejected + $7, rows_parked = rows_parked + $8, \
               state = CASE WHEN $10 THEN 'loaded' ELSE state END, \
               finished_at = CASE WHEN $10 THEN now() ELSE finished_at END \
             FROM moved WHERE file.id = moved.file_id \
             RETURNING file.rows_read, file.rows_rejected"
        )
    };
}

fn add_counts(
    sql: &'static str,
    of: RunFile,
    counts: Counts,
    elapsed_ms: i64,
    loaded: bool,
) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(sql)
        .bind(of.run)
        .bind(of.file)
        .bind(counts.read)
        .bind(counts.inserted)
        .bind(counts.updated)
        .bind(counts.unchanged)
        .bind(counts.rejected)
        .bind(counts.parked)
        .bind(elapsed_ms)
        .bind(loaded)
}

/// Moves the checkpoint over the batch and adds its counts. Fails when the run is over
/// or the checkpoint is elsewhere: another loader took over, or a crash of Postgres
/// undid an earlier batch. The batch must then be rolled back, and the caller must read
/// the checkpoint again.
pub(crate) async fn commit_batch(
    connection: &mut PgConnection,
    of: RunFile,
    batch: &Batch,
    counts: Counts,
    mode: LoadMode,
    elapsed_ms: i64,
) -> LoadResult<FileTotals> {
    const MOVE_CHECKPOINT: &str = add_counts!(
        "UPDATE load_checkpoint SET byte_offset = $12, line = $13, batches = batches + 1, \
           at_end = $14, updated_at = now() \
         WHERE file_id = $2 AND byte_offset = $11 AND EXISTS (SELECT FROM run) \
         RETURNING file_id"
    );
    // A mirrored file is loaded once the rows that it lacks are removed.
    let loaded = batch.last && mode == LoadMode::Merge;
    let row = add_counts(MOVE_CHECKPOINT, of, counts, elapsed_ms, loaded)
        .bind(bigint(batch.from_offset))
        .bind(bigint(batch.to_offset))
        .bind(bigint(batch.to_line))
        .bind(batch.last)
        .fetch_optional(connection)
        .await?;
    let row = row.ok_or_else(|| Failure::Lost(taken_over()))?;
    Ok(FileTotals { read: row.try_get(0)?, rejected: row.try_get(1)? })
}

/// Adds the counts of retried rows, which earlier runs have read.
pub(crate) async fn commit_retried(
    connection: &mut PgConnection,
    of: RunFile,
    counts: Counts,
) -> LoadResult<()> {
    const KEEP_CHECKPOINT: &str = add_counts!("SELECT $2::integer AS file_id FROM run");
    let row = add_counts(KEEP_CHECKPOINT, of, counts, 0, false).fetch_optional(connection).await?;
    if row.is_some() { Ok(()) } else { Err(taken_over().into()) }
}

/// Marks a file as failed, unless another loader has taken it over.
pub(crate) async fn fail_file(
    connection: &mut PgConnection,
    of: RunFile,
    error: &Error,
) -> LoadResult<()> {
    sqlx::query(
        "UPDATE load_file SET state = 'failed', finished_at = now(), \
           error_code = $2, error_message = $3 \
         WHERE id = $1 AND last_run_id = $4 \
           AND EXISTS (SELECT FROM load_run WHERE id = $4 AND state = 'running')",
    )
    .bind(of.file)
    .bind(error.code().as_str())
    .bind(storable(error.message()))
    .bind(of.run)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the run with a synchronous commit, which flushes every commit before it: only
/// then may success be reported. `ending` is told once, in the same transaction.
pub(crate) async fn end_run(
    connection: &mut PgConnection,
    run: Uuid,
    summary: &RunSummary,
    ending: Option<&dyn Ending>,
) -> LoadResult<()> {
    let error = summary.first_error();
    let mut transaction = connection.begin().await?;
    commit_to_disk(&mut transaction).await?;
    let runs: Option<bool> =
        sqlx::query_scalar("SELECT state = 'running' FROM load_run WHERE id = $1 FOR UPDATE")
            .bind(run)
            .fetch_optional(&mut *transaction)
            .await?;
    let ended = sqlx::query(
        "UPDATE load_run SET state = $2, finished_at = now(), files_found = $3, \
           files_skipped = $4, error_code = $5, error_message = $6 \
         WHERE id = $1 AND (state = 'running' \
           OR (state = $2 AND error_code IS DISTINCT FROM 'ABANDONED'))",
    )
    .bind(run)
    .bind(summary.outcome.as_str())
    .bind(i32::try_from(summary.files_found).unwrap_or(i32::MAX))
    .bind(i32::try_from(summary.files_skipped).unwrap_or(i32::MAX))
    .bind(error.map(|error| error.code))
    .bind(error.map(|error| storable(&error.message)))
    .execute(&mut *transaction)
    .await?;
    if let (Some(true), Some(ending)) = (runs, ending) {
        ending.ended(&mut transaction, run).await?;
    }
    transaction.commit().await?;
    if ended.rows_affected() == 1 { Ok(()) } else { Err(taken_over().into()) }
}

/// A file's counts in this run.
pub(crate) async fn run_counts(connection: &mut PgConnection, of: RunFile) -> LoadResult<Counts> {
    let row = sqlx::query(
        "SELECT rows_read, rows_inserted, rows_updated, rows_unchanged, rows_rejected, \
           rows_parked, rows_removed, rows_kept FROM load_run_file WHERE run_id = $1 AND file_id = $2",
    )
    .bind(of.run)
    .bind(of.file)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(Counts::default()) };
    Ok(Counts {
        read: row.try_get(0)?,
        inserted: row.try_get(1)?,
        updated: row.try_get(2)?,
        unchanged: row.try_get(3)?,
        rejected: row.try_get(4)?,
        parked: row.try_get(5)?,
        removed: row.try_get(6)?,
        kept: row.try_get(7)?,
    })
}

/// The rows of a file that are rejected or parked, whichever runs did it.
pub(crate) async fn not_loaded(connection: &mut PgConnection, file: i32) -> LoadResult<i64> {
    let count =
        sqlx::query_scalar("SELECT rows_rejected + rows_parked FROM load_file WHERE id = $1");
    Ok(count.bind(file).fetch_one(connection).await?)
}

/// A message may quote a file; Postgres' `text` cannot hold NUL.
pub(super) fn storable(message: &str) -> String {
    message.replace('\0', "\u{fffd}")
}

/// The error of a transaction that must be rolled back because the run is over.
pub(crate) fn taken_over() -> Error {
    Error::new(Code::Locked, "another loader took over this run; the transaction was rolled back")
}
