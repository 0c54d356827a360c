//! Reads the dead letters.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use crate::error::Result;

/// Which rejects; all conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct RejectSelection {
    /// Those of this run.
    pub run: Option<Uuid>,
    /// Those of this file version.
    pub file: Option<i32>,
    /// Those of files with this key.
    pub file_key: Option<String>,
    /// The one of this file version on this line.
    pub row: Option<(i32, i64)>,
}

/// A row that could not be loaded.
#[derive(Debug, Clone, Serialize)]
pub struct StoredReject {
    /// File version in the ledger.
    pub file_id: i32,
    /// Key of the object, or path of the file.
    pub file_key: String,
    /// Line on which the record begins; the header is line 1.
    pub line: i64,
    /// Where it begins, in bytes of the decompressed file.
    pub byte_offset: i64,
    /// The column at fault; none where the whole record is.
    pub column: Option<String>,
    /// The constant reason code.
    pub reason: String,
    /// What was found and what was expected.
    pub message: String,
    /// The record as it was; bytes that are not UTF-8 are replaced here.
    pub raw: String,
    /// Run that rejected it.
    pub run_id: Uuid,
    /// When.
    pub rejected_at: DateTime<Utc>,
}

/// The newest rejects of a selection, at most `limit`.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn list_rejects(
    pool: &PgPool,
    selection: &RejectSelection,
    limit: i64,
) -> Result<Vec<StoredReject>> {
    let rows = sqlx::query(
        "SELECT reject.file_id, file.object_key, reject.line, reject.byte_offset, \
           reject.column_name, reject.reason, reject.message, reject.raw, reject.run_id, \
           reject.rejected_at \
         FROM load_reject AS reject JOIN load_file AS file ON file.id = reject.file_id \
         WHERE ($1::uuid IS NULL OR reject.run_id = $1) \
           AND ($2::text IS NULL OR file.object_key = $2) \
           AND ($3::integer IS NULL OR (reject.file_id = $3 AND reject.line = $4)) \
           AND ($6::integer IS NULL OR reject.file_id = $6) \
         ORDER BY reject.run_id DESC, reject.file_id, reject.line LIMIT $5",
    )
    .bind(selection.run)
    .bind(&selection.file_key)
    .bind(selection.row.map(|(file, _)| file))
    .bind(selection.row.map(|(_, line)| line))
    .bind(limit)
    .bind(selection.file)
    .fetch_all(pool)
    .await?;
    let stored = |row: &sqlx::postgres::PgRow| {
        let raw: Vec<u8> = row.try_get(7)?;
        Ok(StoredReject {
            file_id: row.try_get(0)?,
            file_key: row.try_get(1)?,
            line: row.try_get(2)?,
            byte_offset: row.try_get(3)?,
            column: row.try_get(4)?,
            reason: row.try_get(5)?,
            message: row.try_get(6)?,
            raw: String::from_utf8_lossy(&raw).into_owned(),
            run_id: row.try_get(8)?,
            rejected_at: row.try_get(9)?,
        })
    };
    rows.iter().map(stored).collect::<Result<_, sqlx::Error>>().map_err(Into::into)
}
