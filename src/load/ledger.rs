//! The ledger's statements: runs, file versions, checkpoints. What a batch writes
//! here is written in the batch's own transaction.

use sqlx::types::Json;
use sqlx::{Connection as _, PgConnection, Row as _};
use uuid::Uuid;

use super::counts::{Counts, count, place};
use super::decode::{Batch, Dialect, Resume};
use super::failure::{Failure, Step};
use crate::dataset::Dataset;
use crate::error::{Code, Error};
use crate::storage::ObjectVersion;

/// A file version as the ledger knows it.
#[derive(Debug)]
pub(crate) struct FileEntry {
    /// `load_file.id`.
    pub(crate) id: i32,
    /// Whether it is loaded to its end.
    pub(crate) loaded: bool,
    /// Where to go on; none when it was never begun.
    pub(crate) resume: Option<Resume>,
    /// What was read of it before.
    pub(crate) totals: FileTotals,
}

/// The file's totals after a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileTotals {
    pub(crate) read: i64,
    pub(crate) rejected: i64,
}

/// Which of these versions are loaded already; in the order given.
pub(crate) async fn loaded(
    connection: &mut PgConnection,
    objects: &[ObjectVersion],
) -> Step<Vec<bool>> {
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

/// Finds the version's entry or makes it, for this run. Rows, rejects and parked
/// rows will refer to it, so a crash of Postgres must not undo it.
pub(crate) async fn enter(
    connection: &mut PgConnection,
    run: Uuid,
    dataset: &Dataset,
    object: &ObjectVersion,
) -> Step<FileEntry> {
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
    .bind(place(object.size))
    .bind(run)
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let dialect: Option<Json<Dialect>> = row.try_get("dialect")?;
    let offset: Option<i64> = row.try_get("byte_offset")?;
    let line: Option<i64> = row.try_get("line")?;
    let resume = match (dialect, offset, line) {
        (Some(Json(dialect)), Some(offset), Some(line)) => Some(Resume {
            dialect,
            offset: u64::try_from(offset).unwrap_or_default(),
            line: u64::try_from(line).unwrap_or_default(),
        }),
        _ => None,
    };
    let totals =
        FileTotals { read: row.try_get("rows_read")?, rejected: row.try_get("rows_rejected")? };
    Ok(FileEntry { id: row.try_get("id")?, loaded: row.try_get("loaded")?, resume, totals })
}

/// Notes the dialect and where the first record begins.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    file: i32,
    dialect: &Dialect,
    offset: u64,
    line: u64,
) -> Step<()> {
    sqlx::query(
        "WITH told AS (UPDATE load_file SET dialect = $2 WHERE id = $1) \
         INSERT INTO load_checkpoint (file_id, byte_offset, line) VALUES ($1, $3, $4)",
    )
    .bind(file)
    .bind(Json(dialect))
    .bind(place(offset))
    .bind(place(line))
    .execute(connection)
    .await?;
    Ok(())
}

/// A batch of one file within a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchOf {
    pub(crate) run: Uuid,
    pub(crate) file: i32,
    pub(crate) elapsed_ms: i64,
}

/// Makes the commit of this transaction wait for the disk, and with it for every
/// commit before. What has been told as done must not be undone by a crash of
/// Postgres.
pub(crate) async fn commit_to_disk(connection: &mut PgConnection) -> Step<()> {
    sqlx::query("SET LOCAL synchronous_commit = on").execute(connection).await?;
    Ok(())
}

/// Moves the checkpoint from where the batch began to where it ends and adds its
/// numbers. Refused when the run is over or the checkpoint is elsewhere: another
/// loader took the work over, or a crash of Postgres undid a batch before. Nothing
/// of this batch may stay then, and the caller must look anew where the file is.
pub(crate) async fn commit_batch(
    connection: &mut PgConnection,
    of: BatchOf,
    batch: &Batch,
    counts: Counts,
) -> Step<FileTotals> {
    let row = sqlx::query(
        "WITH run AS (SELECT id FROM load_run WHERE id = $1 AND state = 'running' FOR SHARE), \
         moved AS (UPDATE load_checkpoint SET byte_offset = $4, line = $5, \
             batches = batches + 1, updated_at = now() \
           WHERE file_id = $2 AND byte_offset = $3 AND EXISTS (SELECT FROM run) \
           RETURNING file_id), \
         done AS (INSERT INTO load_run_file AS total (run_id, file_id, rows_read, rows_inserted, \
             rows_updated, rows_unchanged, rows_rejected, rows_parked, elapsed_ms) \
           SELECT $1, file_id, $6, $7, $8, $9, $10, $11, $12 FROM moved \
           ON CONFLICT (run_id, file_id) DO UPDATE SET \
             rows_read = total.rows_read + excluded.rows_read, \
             rows_inserted = total.rows_inserted + excluded.rows_inserted, \
             rows_updated = total.rows_updated + excluded.rows_updated, \
             rows_unchanged = total.rows_unchanged + excluded.rows_unchanged, \
             rows_rejected = total.rows_rejected + excluded.rows_rejected, \
             rows_parked = total.rows_parked + excluded.rows_parked, \
             elapsed_ms = excluded.elapsed_ms) \
         UPDATE load_file AS file SET \
           rows_read = rows_read + $6, rows_inserted = rows_inserted + $7, \
           rows_updated = rows_updated + $8, rows_unchanged = rows_unchanged + $9, \
           rows_rejected = rows_rejected + $10, rows_parked = rows_parked + $11, \
           state = CASE WHEN $13 THEN 'loaded' ELSE state END, \
           finished_at = CASE WHEN $13 THEN now() ELSE finished_at END \
         FROM moved WHERE file.id = moved.file_id \
         RETURNING file.rows_read, file.rows_rejected",
    )
    .bind(of.run)
    .bind(of.file)
    .bind(place(batch.from_offset))
    .bind(place(batch.to_offset))
    .bind(place(batch.to_line))
    .bind(counts.read)
    .bind(counts.inserted)
    .bind(counts.updated)
    .bind(counts.unchanged)
    .bind(counts.rejected)
    .bind(counts.parked)
    .bind(of.elapsed_ms)
    .bind(batch.last)
    .fetch_optional(connection)
    .await?;
    let row = row.ok_or_else(|| Failure::Lost(taken_over()))?;
    Ok(FileTotals { read: row.try_get(0)?, rejected: row.try_get(1)? })
}

/// Moves numbers of rows that were kept before: resolved, or replayed.
pub(crate) async fn commit_kept(
    connection: &mut PgConnection,
    of: BatchOf,
    counts: Counts,
) -> Step<()> {
    let moved = sqlx::query(
        "WITH run AS (SELECT id FROM load_run WHERE id = $1 AND state = 'running' FOR SHARE), \
         done AS (INSERT INTO load_run_file AS total (run_id, file_id, rows_inserted, \
             rows_updated, rows_unchanged, rows_rejected, rows_parked, elapsed_ms) \
           SELECT id, $2, $3, $4, $5, $6, $7, $8 FROM run \
           ON CONFLICT (run_id, file_id) DO UPDATE SET \
             rows_inserted = total.rows_inserted + excluded.rows_inserted, \
             rows_updated = total.rows_updated + excluded.rows_updated, \
             rows_unchanged = total.rows_unchanged + excluded.rows_unchanged, \
             rows_rejected = total.rows_rejected + excluded.rows_rejected, \
             rows_parked = total.rows_parked + excluded.rows_parked) \
         UPDATE load_file AS file SET rows_inserted = rows_inserted + $3, \
           rows_updated = rows_updated + $4, rows_unchanged = rows_unchanged + $5, \
           rows_rejected = rows_rejected + $6, rows_parked = rows_parked + $7 \
         FROM run WHERE file.id = $2",
    )
    .bind(of.run)
    .bind(of.file)
    .bind(counts.inserted)
    .bind(counts.updated)
    .bind(counts.unchanged)
    .bind(counts.rejected)
    .bind(counts.parked)
    .bind(of.elapsed_ms)
    .execute(connection)
    .await?;
    if moved.rows_affected() == 1 { Ok(()) } else { Err(taken_over().into()) }
}

/// Says of a file that it failed, and why; not when another loader has it now.
pub(crate) async fn fail_file(
    connection: &mut PgConnection,
    run: Uuid,
    file: i32,
    error: &Error,
) -> Step<()> {
    sqlx::query(
        "UPDATE load_file SET state = 'failed', finished_at = now(), \
           error_code = $2, error_message = $3 \
         WHERE id = $1 AND last_run_id = $4 \
           AND EXISTS (SELECT FROM load_run WHERE id = $4 AND state = 'running')",
    )
    .bind(file)
    .bind(error.code().as_str())
    .bind(storable(error.message()))
    .bind(run)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes a batch's rejects.
pub(crate) async fn reject(
    connection: &mut PgConnection,
    run: Uuid,
    file: i32,
    batch: &Batch,
) -> Step<()> {
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
    .bind(file)
    .bind(run)
    .bind(rejects.iter().map(|reject| place(reject.line)).collect::<Vec<_>>())
    .bind(rejects.iter().map(|reject| place(reject.offset)).collect::<Vec<_>>())
    .bind(rejects.iter().map(|reject| reject.fault.column).collect::<Vec<_>>())
    .bind(rejects.iter().map(|reject| reject.fault.reason.as_str()).collect::<Vec<_>>())
    .bind(rejects.iter().map(|reject| reject.fault.message.as_str()).collect::<Vec<_>>())
    .bind(rejects.iter().map(|reject| batch.raw_of_reject(reject)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// A run's outcome as the ledger keeps it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunEnd<'a> {
    pub(crate) state: &'a str,
    pub(crate) files_found: usize,
    pub(crate) files_skipped: usize,
    /// Code and message of the first failure.
    pub(crate) error: Option<(&'a str, &'a str)>,
}

/// Ends the run. This commit waits for the disk, and with it for every commit
/// before: only then may success be told.
pub(crate) async fn end_run(connection: &mut PgConnection, run: Uuid, end: RunEnd<'_>) -> Step<()> {
    let mut transaction = connection.begin().await?;
    commit_to_disk(&mut transaction).await?;
    let ended = sqlx::query(
        "UPDATE load_run SET state = $2, finished_at = now(), files_found = $3, \
           files_skipped = $4, error_code = $5, error_message = $6 \
         WHERE id = $1 AND (state = 'running' \
           OR (state = $2 AND error_code IS DISTINCT FROM 'ABANDONED'))",
    )
    .bind(run)
    .bind(end.state)
    .bind(i32::try_from(end.files_found).unwrap_or(i32::MAX))
    .bind(i32::try_from(end.files_skipped).unwrap_or(i32::MAX))
    .bind(end.error.map(|(code, _)| code))
    .bind(end.error.map(|(_, message)| storable(message)))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    if ended.rows_affected() == 1 { Ok(()) } else { Err(taken_over().into()) }
}

/// The numbers of a file in this run.
pub(crate) async fn run_counts(
    connection: &mut PgConnection,
    run: Uuid,
    file: i32,
) -> Step<Counts> {
    let row = sqlx::query(
        "SELECT rows_read, rows_inserted, rows_updated, rows_unchanged, rows_rejected, \
           rows_parked FROM load_run_file WHERE run_id = $1 AND file_id = $2",
    )
    .bind(run)
    .bind(file)
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

/// What a batch that was merged comes to.
pub(crate) fn counts_of(batch: &Batch, inserted: i64, updated: i64, parked: i64) -> Counts {
    let rows = count(batch.rows.len());
    Counts {
        read: count(batch.records()),
        inserted,
        updated,
        unchanged: rows - inserted - updated - parked,
        rejected: count(batch.rejects.len()),
        parked,
    }
}

/// A message may quote a file, and Postgres' text has no place for NUL.
fn storable(message: &str) -> String {
    message.replace('\0', "\u{fffd}")
}

/// What is told when nothing may be kept because the run is over.
pub(crate) fn taken_over() -> Error {
    Error::new(Code::Locked, "another loader took this run over; nothing of this was kept")
}
