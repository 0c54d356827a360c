//! Makes a report: from the rows of its query to a complete object in the bucket.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::chunk::Chunk;
use super::encoded::Encoded;
use super::format::{Encoding, Format};
use super::key::{file_name, manifest_key, object_key};
use super::manifest::manifest;
use super::reports::Reports;
use super::request::ReportQuery;
use super::store::{self, Begun, Made, Named};
use crate::auth::Scope;
use crate::error::{Code, Error, Result};
use crate::storage::{ObjectHeaders, ObjectWriter};
use crate::telemetry::metrics::{report_ended, report_written};

/// How often progress is recorded, and looked whether the report is still wanted.
const PROGRESS: Duration = Duration::from_millis(500);

/// Runs the queries of reports.
pub trait RowSource: Send + Sync + 'static {
    /// The rows of a query, with the rights of a scope, as the bytes of a file.
    fn open<'a>(
        &'a self,
        query: &'a ReportQuery,
        scope: &'a Scope,
        encoding: Encoding,
    ) -> BoxFuture<'a, Result<Encoded>>;
}

/// How making a report has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is complete.
    Succeeded,
    /// It had ended, or was canceled, or is being made by another worker.
    NotWanted,
}

impl Reports {
    /// Makes a report that was asked for. It has succeeded only if this says so. After an error
    /// nothing of it is left in the bucket; it may be made again.
    ///
    /// # Errors
    /// Those of the query, of S3 and of Postgres; `UNAVAILABLE` if `stop` ends it early.
    pub async fn make(
        &self,
        pool: &PgPool,
        rows: &dyn RowSource,
        id: Uuid,
        stop: &CancellationToken,
    ) -> Result<Outcome> {
        let Some(named) = store::named(pool, id).await? else { return Ok(Outcome::NotWanted) };
        let key = self.key_of(id, &named);
        let Some(begun) = store::begin(pool, id, &key).await? else {
            return Ok(Outcome::NotWanted);
        };
        // What an attempt has left whose worker died, and what stops one that still lives.
        self.bucket.abort_uploads(&begun.key).await?;
        let made = tokio::select! {
            made = self.upload(pool, rows, &begun) => made,
            () = stop.cancelled() => {
                Err(Error::new(Code::Unavailable, "the worker is stopping"))
            }
        };
        // If the upload was dropped in the middle, this removes it.
        let made = match made {
            Ok(Some(made)) => made,
            Ok(None) => {
                self.remove(pool, &begun).await?;
                return Ok(Outcome::NotWanted);
            }
            Err(error) => {
                self.bucket.abort_uploads(&begun.key).await?;
                return Err(error);
            }
        };
        let mut transaction = pool.begin().await?;
        if !store::succeed(&mut transaction, &begun, &made).await? {
            transaction.rollback().await?;
            self.remove(pool, &begun).await?;
            return Ok(Outcome::NotWanted);
        }
        self.tell(&mut transaction, id).await?;
        transaction.commit().await?;
        report_ended(&begun.kind, &begun.format, "succeeded");
        report_written(&begun.kind, &begun.format, made.rows, made.bytes);
        Ok(Outcome::Succeeded)
    }

    /// Gives up a report that cannot be made, and removes what there is of it.
    ///
    /// # Errors
    /// Those of S3 and of Postgres.
    pub async fn give_up(&self, pool: &PgPool, id: Uuid, error: &Error) -> Result<()> {
        let Some(named) = store::named(pool, id).await? else { return Ok(()) };
        let mut transaction = pool.begin().await?;
        let has_failed = store::fail(&mut transaction, id, error).await?;
        if has_failed {
            self.tell(&mut transaction, id).await?;
        }
        transaction.commit().await?;
        if has_failed {
            report_ended(&named.kind, &named.format, "failed");
        }
        if has_failed { self.clear_left(pool, id, &self.key_of(id, &named)).await } else { Ok(()) }
    }

    fn key_of(&self, id: Uuid, named: &Named) -> String {
        let Named { organization, project, kind, format, requested_at } = named;
        let extension = extension(format);
        let key = object_key(organization, project, kind, *requested_at, id, extension);
        if self.prefix.is_empty() { key } else { format!("{}/{key}", self.prefix) }
    }

    /// Removes the file of an attempt whose report is no longer wanted, unless the report has
    /// another attempt, whose file it is now.
    async fn remove(&self, pool: &PgPool, of: &Begun) -> Result<()> {
        let is_wanted: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM report WHERE id = $1
                 AND state NOT IN ('canceled', 'failed', 'expired'))",
        )
        .bind(of.id)
        .fetch_one(pool)
        .await?;
        if is_wanted { Ok(()) } else { self.clear_left(pool, of.id, &of.key).await }
    }

    /// Removes what a failed or canceled report has left, and records that.
    pub(super) async fn clear_left(&self, pool: &PgPool, id: Uuid, key: &str) -> Result<()> {
        self.clear(key).await?;
        store::cleared(pool, id).await
    }

    /// Removes all there may be of a report.
    pub(super) async fn clear(&self, key: &str) -> Result<()> {
        self.bucket.abort_uploads(key).await?;
        self.bucket.delete(key).await?;
        self.bucket.delete(&manifest_key(key)).await
    }

    /// `None` if the report is no longer wanted.
    async fn upload(
        &self,
        pool: &PgPool,
        rows: &dyn RowSource,
        begun: &Begun,
    ) -> Result<Option<Made>> {
        let encoded = rows.open(&begun.query, &begun.scope, begun.encoding).await?;
        let version = encoded.version;
        let headers = ObjectHeaders {
            content_type: content_type(begun.encoding.format),
            file_name: Some(file_name(&begun.key).to_owned()),
            metadata: Vec::new(),
        };
        let mut writer = ObjectWriter::new(&self.bucket, &begun.key, headers);
        let written = write(pool, begun, encoded, &mut writer).await;
        let finished = match written {
            Ok(Some((rows, sha256))) => writer.finish().await.map(|()| Some((rows, sha256))),
            other => other,
        };
        let bytes = writer.size();
        let Ok(Some((rows, sha256))) = finished else {
            writer.abort().await;
            return finished.map(|_| None);
        };
        let found = self.bucket.size(&begun.key).await?;
        if found != Some(bytes) {
            let message = "the object of a report is not as it was written";
            return Err(Error::new(Code::Unavailable, message));
        }
        let made = Made { rows, bytes, sha256, version };
        let manifest = manifest(begun, &made)?;
        self.bucket.put_bytes(&manifest_key(&begun.key), manifest).await?;
        Ok(Some(made))
    }
}

/// Writes all rows, and tells their number and the hash of the file; `None` if the report is
/// no longer wanted.
async fn write(
    pool: &PgPool,
    begun: &Begun,
    mut encoded: Encoded,
    writer: &mut ObjectWriter,
) -> Result<Option<(u64, String)>> {
    let (mut hash, mut rows) = (Sha256::new(), 0_u64);
    let mut recorded = Instant::now();
    while let Some(chunk) = encoded.chunks.next().await {
        let Chunk { bytes, rows: more } = chunk?;
        hash.update(&bytes);
        rows += more;
        writer.write(&bytes).await?;
        if recorded.elapsed() >= PROGRESS {
            if !store::progress(pool, begun, rows, writer.size()).await? {
                return Ok(None);
            }
            recorded = Instant::now();
        }
    }
    // Just before the file appears: if the lease was lost, another attempt makes it.
    if !store::progress(pool, begun, rows, writer.size()).await? {
        return Ok(None);
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Some((rows, sha256)))
}

fn extension(format: &str) -> &'static str {
    match format {
        "csv_gzip" => "csv.gz",
        "parquet" => "parquet",
        _ => "csv",
    }
}

const fn content_type(format: Format) -> &'static str {
    match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::CsvGzip => "application/gzip",
        Format::Parquet => "application/vnd.apache.parquet",
        Format::Ndjson => "application/x-ndjson",
        Format::Json => "application/json",
    }
}
