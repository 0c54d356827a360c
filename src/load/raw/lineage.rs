//! From a row to the bytes of the kept file that it came from. The file is read as when it was
//! loaded, by the same decoder, so that lines count as they counted then.

use std::io::{self, Read as _};
use std::ops::Range;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::dataset::Dataset;
use crate::error::{Code, Error, Result};
use crate::lake::Lake;
use crate::load::decode::{
    Batch, BatchLimits, ChannelReader, Compression, Decoded, Dialect, Encoding, Sink,
    decode_from_start, read_error, resume_plain,
};
use crate::load::document::find::{Wanted, find_document};
use crate::load::document::name::DOCUMENTS;
use crate::storage::ByteStream;

/// Chunks that are read ahead.
const AHEAD: usize = 2;

/// A row.
#[derive(Debug, Clone)]
pub struct LineageOf {
    /// Its table.
    pub dataset: &'static Dataset,
    /// Its key.
    pub key: Vec<i32>,
}

/// Where a row came from.
#[derive(Debug)]
pub struct Lineage {
    /// Key of the object, or path of the file.
    pub file_key: String,
    /// The line; of a page of documents the number of the document in it.
    pub line: i64,
    /// When the row was written.
    pub loaded_at: DateTime<Utc>,
    /// The run that did.
    pub run: Option<Uuid>,
    /// Its text, if the file is kept.
    pub raw: Option<RawText>,
}

/// The text of a row in a kept file.
#[derive(Debug)]
pub struct RawText {
    /// Address of the copy.
    pub uri: String,
    /// Its bytes, or those of its text if it is compressed.
    pub range: Range<u64>,
    /// Whether it is.
    pub compressed: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Origin {
    file_key: String,
    dataset: String,
    dialect: Option<Json<Dialect>>,
    line: i64,
    /// Of a page, the number of the object's first document.
    first_line: Option<i64>,
    loaded_at: DateTime<Utc>,
    run: Option<Uuid>,
    raw: Option<String>,
}

/// Where a row came from; `None` if there is no such row, or it is of no file.
///
/// # Errors
/// `BAD_USER_INPUT` if the key has another number of parts, `NOT_FOUND` if the kept file is not
/// there, those of S3 and of Postgres.
pub async fn lineage_of(
    connection: &mut PgConnection,
    lake: Option<&Lake>,
    of: &LineageOf,
    limits: BatchLimits,
) -> Result<Option<Lineage>> {
    let Some(origin) = origin(connection, of).await? else { return Ok(None) };
    let raw = match (lake, origin.raw.as_deref()) {
        (Some(lake), Some(uri)) => Some(text(lake, uri, of.dataset, &origin, limits).await?),
        _ => None,
    };
    let Origin { file_key, line, loaded_at, run, .. } = origin;
    Ok(Some(Lineage { file_key, line, loaded_at, run, raw }))
}

async fn origin(connection: &mut PgConnection, of: &LineageOf) -> Result<Option<Origin>> {
    let (columns, given) = (of.dataset.key, of.key.len());
    if given != columns.len() {
        let message = format!(
            "the key of {} is {}, not {given} numbers",
            of.dataset.table,
            columns.join(":")
        );
        return Err(Error::new(Code::BadUserInput, message));
    }
    let matches: Vec<String> =
        (1..).zip(columns).map(|(at, column)| format!("{column} = ${at}")).collect();
    // The row first, and then the ledger: on a cluster they are on different machines.
    let sql = format!(
        "WITH stored AS MATERIALIZED (\
           SELECT source_file_id, source_line, loaded_at FROM {table} WHERE {matches}) \
         SELECT load_source_key(file.id, source_line) AS file_key, file.dataset, file.dialect, \
           source_line AS line, stored.loaded_at, load_raw_object(file.id, source_line) AS raw, \
           page.first_lines[width_bucket(source_line, page.first_lines)] AS first_line, \
           (SELECT run.id FROM load_run AS run \
             WHERE run.started_at <= stored.loaded_at AND NOT run.is_check \
             ORDER BY run.started_at DESC, run.id DESC LIMIT 1) AS run \
         FROM stored JOIN load_file AS file ON file.id = stored.source_file_id \
         LEFT JOIN load_document_page AS page ON page.file_id = file.id",
        table = of.dataset.table,
        matches = matches.join(" AND "),
    );
    let mut query = sqlx::query_as(AssertSqlSafe(sql));
    for part in &of.key {
        query = query.bind(part);
    }
    Ok(query.fetch_optional(connection).await?)
}

async fn text(
    lake: &Lake,
    uri: &str,
    dataset: &'static Dataset,
    origin: &Origin,
    limits: BatchLimits,
) -> Result<RawText> {
    let key = lake.require_key(uri)?;
    let line = u64::try_from(origin.line).unwrap_or_default();
    let input = open(lake, key, 0).await?;
    let found = match origin.dataset == DOCUMENTS.table {
        true => {
            let first = origin.first_line.and_then(|first| u64::try_from(first).ok());
            let wanted =
                first.map_or(Wanted::Line(line), |first| Wanted::After(line.saturating_sub(first)));
            let file_key = origin.file_key.clone();
            blocking(move || find_document(&file_key, input, wanted)).await?
        }
        false => {
            let dialect = origin.dialect.as_ref().map(|Json(dialect)| dialect.clone());
            blocking(move || find_record(dataset, dialect.as_ref(), input, line, limits)).await?
        }
    };
    let Some((range, compression)) = found else {
        let message = format!("{uri} has no record at line {line}");
        return Err(Error::new(Code::Conflict, message));
    };
    let is_plain = compression == Compression::None;
    let input = open(lake, key, if is_plain { range.start } else { 0 }).await?;
    let wanted = range.clone();
    let bytes = blocking(move || {
        let plain = resume_plain(input, compression, wanted.start)?;
        let mut bytes = Vec::new();
        let mut text = plain.text.take(wanted.end - wanted.start);
        text.read_to_end(&mut bytes).map_err(read_error)?;
        Ok(bytes)
    });
    Ok(RawText { uri: uri.to_owned(), range, compressed: !is_plain, bytes: bytes.await? })
}

async fn open(lake: &Lake, key: &str, offset: u64) -> Result<ChannelReader> {
    let stream = lake.bucket().open(&lake.in_bucket(key), offset).await?;
    let stream = stream.ok_or_else(|| {
        Error::new(Code::NotFound, format!("{} is not there any more", lake.uri_of(key)))
    })?;
    let (chunks_in, chunks) = mpsc::channel(AHEAD);
    tokio::spawn(read(stream, chunks_in));
    Ok(ChannelReader::new(chunks))
}

async fn read(mut stream: ByteStream, chunks: mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let next = match stream.next().await {
            Ok(Some(chunk)) => Ok(chunk),
            Ok(None) => Ok(ChannelReader::END),
            Err(error) => Err(io::Error::other(error)),
        };
        let ends = next.as_ref().map_or(true, Bytes::is_empty);
        if chunks.send(next).await.is_err() || ends {
            return;
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|error| Error::internal("reading a kept file ended early").with_source(error))?
}

/// The bytes of the record that begins on a line, in the text of a file.
fn find_record(
    dataset: &'static Dataset,
    dialect: Option<&Dialect>,
    input: ChannelReader,
    line: u64,
    limits: BatchLimits,
) -> Result<Option<(Range<u64>, Compression)>> {
    let format = dialect.and_then(|dialect| dialect.format.as_deref());
    let (compression, encoding) = (Compression::None, Encoding::Utf8);
    let mut finder = Finder { line, compression, encoding, found: None };
    decode_from_start(dataset, format, input, limits, &mut finder)?;
    Ok(finder.found.map(|range| (range, finder.compression)))
}

struct Finder {
    line: u64,
    compression: Compression,
    encoding: Encoding,
    found: Option<Range<u64>>,
}

impl Sink for &mut Finder {
    fn put(&mut self, decoded: Decoded) -> bool {
        match decoded {
            Decoded::Begun(first) => {
                self.compression = first.dialect.compression;
                self.encoding = first.dialect.encoding;
                true
            }
            Decoded::Batch(batch) => {
                self.found = range(&batch, self.line, self.encoding);
                self.found.is_none() && batch.to_line <= self.line
            }
        }
    }
}

/// From the beginning of a row to its line end, and not beyond the beginning of the next record.
fn range(batch: &Batch, line: u64, encoding: Encoding) -> Option<Range<u64>> {
    let row = batch.row_at_line(line)?;
    let begins = batch.rows.iter().map(|row| row.offset);
    let begins = begins.chain(batch.rejects.iter().map(|reject| reject.offset));
    let next = begins.filter(|offset| *offset > row.offset).min().unwrap_or(batch.to_offset);
    let text = batch.raw_of_row(row);
    let length = match (encoding, std::str::from_utf8(&text)) {
        (Encoding::Utf8, _) | (_, Err(_)) => text.len(),
        (Encoding::Utf16Le | Encoding::Utf16Be, Ok(text)) => 2 * text.encode_utf16().count(),
        (_, Ok(text)) => text.chars().count(),
    };
    Some(row.offset..next.min(row.offset + length as u64))
}
