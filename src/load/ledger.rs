//! The ledger's statements: runs, file versions, checkpoints. A batch's entries are
//! written in the batch's own transaction.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::Json;
use sqlx::{Connection as _, PgConnection, Postgres, Row as _};
use uuid::Uuid;

use super::counts::{Counts, bigint};
use super::decode::{Batch, Checkpoint, Dialect};
use super::failure::{Failure, LoadResult};
use super::run::summary::RunSummary;
use crate::dataset::Dataset;
use crate::error::{Code, Error};
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
    /// Where to resume; `None` if it was never begun.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Its totals of earlier runs.
    pub(crate) totals: FileTotals,
}

/// A file's totals over all runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileTotals {
    pub(crate) read: i64,
    pub(crate) rejected: i64,
}

/// Whether each of these versions is loaded, in the order given.
pub(crate) async fn loaded(
    connection: &mut PgConnection,
    objects: &[ObjectVersion],
) -> LoadResult<Vec<bool>> {
    let column = |of: fn(&ObjectVersion) -> &str| -> Vec<String> {
        objects.iter().map(|object| of(object).to_owned()).collect()
    };
    let rows = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM load_file AS file WHERE file.state = 'loaded' \
           AND file.bucket = found.bucket AND file.object_key = found.key \
           AND file.etag = found.etag AND file.version_id = found.version_id) \
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) \
           WITH ORDINALITY AS found (bucket, key, etag, version_id, position) \
         ORDER BY position",
    )
    .bind(column(|object| &object.bucket))
    .bind(column(|object| &object.key))
    .bind(column(|object| &object.etag))
    .bind(column(|object| object.version_id.as_deref().unwrap_or_default()))
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Finds or inserts the version's entry, for this run. Rows, rejects and parked rows
/// will refer to it, so a crash of Postgres must not undo it.
pub(crate) async fn enter(
    connection: &mut PgConnection,
    run: Uuid,
    dataset: &Dataset,
    object: &ObjectVersion,
) -> LoadResult<FileEntry> {
    let mut transaction = connection.begin().await?;
    commit_to_disk(&mut transaction).await?;
    let row = sqlx::query(
        "WITH entry AS (\
           INSERT INTO load_file AS file (dataset, bucket, object_key, etag, version_id, \
             byte_size, first_run_id, last_run_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
           ON CONFLICT (bucket, object_key, etag, version_id) DO UPDATE \
           SET last_run_id = CASE WHEN file.state = 'loaded' THEN file.last_run_id ELSE $7 END, \
               state = CASE WHEN file.state = 'failed' THEN 'loading' ELSE file.state END, \
               finished_at = CASE WHEN file.state = 'failed' THEN NULL ELSE file.finished_at END, \
               error_code = NULL, error_message = NULL \
           RETURNING id, state, dialect, rows_read, rows_rejected) \
         SELECT entry.id, entry.state = 'loaded' AS loaded, entry.dialect, \
                entry.rows_read, entry.rows_rejected, checkpoint.byte_offset, checkpoint.line \
         FROM entry LEFT JOIN load_checkpoint AS checkpoint ON checkpoint.file_id = entry.id",
    )
    .bind(dataset.table)
    .bind(&object.bucket)
    .bind(&object.key)
    .bind(&object.etag)
    .bind(object.version_id.as_deref().unwrap_or_default())
    .bind(bigint(object.size))
    .bind(run)
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
    Ok(FileEntry { id: row.try_get("id")?, loaded: row.try_get("loaded")?, checkpoint, totals })
}

/// Records the dialect and the first checkpoint.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    file: i32,
    first: &Checkpoint,
) -> LoadResult<()> {
    sqlx::query(
        "WITH begun AS (UPDATE load_file SET dialect = $2 WHERE id = $1) \
         INSERT INTO load_checkpoint (file_id, byte_offset, line) VALUES ($1, $3, $4)",
    )
    .bind(file)
    .bind(Json(&first.dialect))
    .bind(bigint(first.offset))
    .bind(bigint(first.line))
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
    elapsed_ms: i64,
) -> LoadResult<FileTotals> {
    const MOVE_CHECKPOINT: &str = add_counts!(
        "UPDATE load_checkpoint SET byte_offset = $12, line = $13, batches = batches + 1, \
           updated_at = now() \
         WHERE file_id = $2 AND byte_offset = $11 AND EXISTS (SELECT FROM run) \
         RETURNING file_id"
    );
    let row = add_counts(MOVE_CHECKPOINT, of, counts, elapsed_ms, batch.last)
        .bind(bigint(batch.from_offset))
        .bind(bigint(batch.to_offset))
        .bind(bigint(batch.to_line))
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

/// Writes a batch's rejects.
pub(crate) async fn insert_rejects(
    connection: &mut PgConnection,
    of: RunFile,
    batch: &Batch,
) -> LoadResult<()> {
    if batch.rejects.is_empty() {
        return Ok(());
    }
    let rejects = &batch.rejects;
    sqlx::query(
        "INSERT INTO load_reject \
           (file_id, run_id, line, byte_offset, column_name, reason, message, raw) \
         SELECT $1, $2, * FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], \
           $7::text[], $8::bytea[])",
    )
    .bind(of.file)
    .bind(of.run)
    .bind(rejects.iter().map(|reject| bigint(reject.line)).collect::<Vec<_>>())
    .bind(rejects.iter().map(|reject| bigint(reject.offset)).collect::<Vec<_>>())
    .bind(rejects.iter().map(|reject| reject.fault.column).collect::<Vec<_>>())
    .bind(rejects.iter().map(|reject| reject.fault.reason.as_str()).collect::<Vec<_>>())
    .bind(rejects.iter().map(|reject| reject.fault.message.as_str()).collect::<Vec<_>>())
    .bind(rejects.iter().map(|reject| batch.raw_of_reject(reject)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the run with a synchronous commit, which flushes every commit before it: only
/// then may success be reported.
pub(crate) async fn end_run(
    connection: &mut PgConnection,
    run: Uuid,
    summary: &RunSummary,
) -> LoadResult<()> {
    let error = summary.first_error();
    let mut transaction = connection.begin().await?;
    commit_to_disk(&mut transaction).await?;
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
    transaction.commit().await?;
    if ended.rows_affected() == 1 { Ok(()) } else { Err(taken_over().into()) }
}

/// A file's counts in this run.
pub(crate) async fn run_counts(connection: &mut PgConnection, of: RunFile) -> LoadResult<Counts> {
    let row = sqlx::query(
        "SELECT rows_read, rows_inserted, rows_updated, rows_unchanged, rows_rejected, \
           rows_parked FROM load_run_file WHERE run_id = $1 AND file_id = $2",
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
    })
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
    }
}

/// A message may quote a file; Postgres' `text` cannot hold NUL.
fn storable(message: &str) -> String {
    message.replace('\0', "\u{fffd}")
}

/// The error of a transaction that must be rolled back because the run is over.
pub(crate) fn taken_over() -> Error {
    Error::new(Code::Locked, "another loader took over this run; the transaction was rolled back")
}
