//! Selects and reads stored rejects.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgPool, Postgres, Row as _};
use uuid::Uuid;

use crate::error::Result;

/// Which rejects; the conditions are combined with AND.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RejectSelection {
    /// Those of this run.
    pub run: Option<Uuid>,
    /// Those of this file version.
    pub file: Option<i32>,
    /// Those of files with this object key.
    pub file_key: Option<String>,
    /// The one of this file version (its id) on this line.
    pub row: Option<(i32, i64)>,
    /// Of those of a document on that line, only this part.
    #[serde(default)]
    pub part: Option<i32>,
}

/// The condition of a selection, with the parameters of [`RejectSelection::query`].
macro_rules! selected {
    () => {
        "($1::uuid IS NULL OR reject.run_id = $1) \
         AND ($2::text IS NULL OR file.object_key = $2 \
           OR load_source_key(reject.file_id, reject.line) = $2) \
         AND ($3::integer IS NULL OR (reject.file_id = $3 AND reject.line = $4 \
           AND ($6::integer IS NULL OR reject.part = $6))) \
         AND ($5::integer IS NULL OR reject.file_id = $5)"
    };
}
pub(super) use selected;

impl RejectSelection {
    /// A query with $1 to $6 bound; further parameters follow.
    pub(super) fn query(&self, sql: &'static str) -> Query<'_, Postgres, PgArguments> {
        let (file, line) = self.row.unzip();
        let query = sqlx::query(sql).bind(self.run).bind(&self.file_key).bind(file).bind(line);
        query.bind(self.file).bind(self.part)
    }
}

/// A row that could not be loaded.
#[derive(Debug, Clone, Serialize)]
pub struct StoredReject {
    /// Id of the file version in the ledger.
    pub file_id: i32,
    /// Key of the object, or path of the file.
    pub file_key: String,
    /// First line of the record; the header is line 1. In a page of documents, the number of
    /// the document.
    pub line: i64,
    /// Which part of a document it is; 0 is all of it, or a record of any other file.
    pub part: i32,
    /// Offset of the record in the decompressed file.
    pub byte_offset: i64,
    /// The invalid column, in a document a JSON pointer; `None` if the whole record is invalid.
    pub column: Option<String>,
    /// The constant reason code.
    pub reason: String,
    /// What was found and what was expected.
    pub message: String,
    /// The record as read; bytes that are not UTF-8 are replaced.
    pub raw: String,
    /// The run that rejected it.
    pub run_id: Uuid,
    /// When it was rejected.
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
    const SELECT: &str = concat!(
        "SELECT reject.file_id, load_source_key(reject.file_id, reject.line), reject.line, \
           reject.byte_offset, reject.column_name, reject.reason, reject.message, reject.raw, \
           reject.run_id, reject.rejected_at, reject.part \
         FROM load_reject AS reject JOIN load_file AS file ON file.id = reject.file_id \
         WHERE ",
        selected!(),
        " ORDER BY reject.run_id DESC, reject.file_id, reject.line, reject.part LIMIT $7"
    );
    let rows = selection.query(SELECT).bind(limit).fetch_all(pool).await?;
    let stored = |row: &sqlx::postgres::PgRow| {
        let raw: Vec<u8> = row.try_get(7)?;
        Ok(StoredReject {
            file_id: row.try_get(0)?,
            file_key: row.try_get(1)?,
            line: row.try_get(2)?,
            part: row.try_get(10)?,
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
