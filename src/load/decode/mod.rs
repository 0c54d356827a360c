//! From the bytes of an object to batches: decompress, decode, split into records,
//! convert to typed values, write in COPY format. Runs on its own thread, one batch ahead
//! of Postgres.

mod batch;
mod dialect;
mod input;
mod record;
mod row;
mod value;

use std::io::{self, Read};

use tokio::sync::mpsc;

pub(crate) use batch::{Batch, RowKey};
pub use dialect::{Compression, Dialect, Encoding};
pub(crate) use input::ChannelReader;

use crate::dataset::Dataset;
use crate::db::copy::CopyWriter;
use crate::error::{Code, Error, Result};
use crate::load::rejects::reason::{Fault, Reason};
use batch::Rounds;
use record::{Malformed, Position, Record, Records, Settings};
use row::RowConverter;

/// Limits of a batch and of a record.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// Most records of a batch.
    pub rows: usize,
    /// Bytes of text after which a batch ends.
    pub bytes: usize,
    /// Most bytes of a record.
    pub record_bytes: usize,
}

/// A batch ends when one key has occurred this often: each repetition costs a merge.
const MAX_ROUNDS: i16 = 64;
/// Bytes of text examined for the dialect.
const HEAD: usize = 64 * 1024;

/// The output of the decoder.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// The dialect and the first record; not sent for a resumed file.
    Begun(Checkpoint),
    Batch(Batch),
}

/// Where to start or resume a file.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    pub(crate) dialect: Dialect,
    pub(crate) offset: u64,
    pub(crate) line: u64,
}

/// Decodes a file from its beginning.
pub(crate) fn decode_from_start(
    dataset: &'static Dataset,
    input: impl Read,
    limits: BatchLimits,
    out: &mpsc::Sender<Decoded>,
) -> Result<()> {
    let (head, input) = input::peek(Box::new(input), 4).map_err(read_error)?;
    let compression = Compression::of(&head);
    let plain = input::decompress(input, compression).map_err(read_error)?;
    let (head, mut plain) = input::peek(plain, HEAD).map_err(read_error)?;
    let (encoding, bom) = Encoding::of(&head)?;
    io::copy(&mut plain.by_ref().take(bom as u64), &mut io::sink()).map_err(read_error)?;
    let text = input::decode_text(plain, encoding);
    let (head, mut text) = input::peek(text, HEAD).map_err(read_error)?;
    let (dialect, length) = dialect::detect(dataset, compression, encoding, &head)?;
    io::copy(&mut text.by_ref().take(length as u64), &mut io::sink()).map_err(read_error)?;
    let header = head.get(..length).unwrap_or_default();
    let start = Position { offset: bom as u64 + encoding.file_bytes(header), line: 2 };
    let first = Checkpoint { dialect, offset: start.offset, line: start.line };
    if out.blocking_send(Decoded::Begun(first.clone())).is_err() {
        return Ok(());
    }
    decode_rows(dataset, text, &first.dialect, start, limits, out)
}

/// Resumes a file. `input` begins at the checkpoint's offset, or for a compressed file at
/// its beginning.
pub(crate) fn decode_from_checkpoint(
    dataset: &'static Dataset,
    input: impl Read,
    checkpoint: &Checkpoint,
    limits: BatchLimits,
    out: &mpsc::Sender<Decoded>,
) -> Result<()> {
    let dialect = &checkpoint.dialect;
    let mut plain = input::decompress(input, dialect.compression).map_err(read_error)?;
    if dialect.compression != Compression::None {
        let skipped = io::copy(&mut plain.by_ref().take(checkpoint.offset), &mut io::sink());
        if skipped.map_err(read_error)? < checkpoint.offset {
            return Err(dialect::file_error(
                "the file is shorter than what was already loaded of it",
            ));
        }
    }
    let text = input::decode_text(plain, dialect.encoding);
    let start = Position { offset: checkpoint.offset, line: checkpoint.line };
    decode_rows(dataset, text, dialect, start, limits, out)
}

/// A stored record.
#[derive(Debug)]
pub(crate) struct RawRecord {
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) raw: Vec<u8>,
}

/// Decodes stored records to one batch, in their order and with their positions.
pub(crate) fn decode_records(
    dataset: &'static Dataset,
    dialect: &Dialect,
    stored: &[RawRecord],
    limits: BatchLimits,
) -> Result<Batch> {
    let mut builder = BatchBuilder::new(dataset, dialect, Position { offset: 0, line: 1 }, limits)?;
    for RawRecord { line, offset, raw } in stored {
        let start = Position { offset: *offset, line: *line };
        // Stored records are UTF-8 whatever the file was, and of the limit that was in
        // force then.
        let max_bytes = limits.record_bytes.max(raw.len());
        let settings =
            Settings { encoding: Encoding::Utf8, max_bytes, ..settings(dialect, limits) };
        let mut records = Records::new(raw.as_slice(), settings, start);
        let Some(record) = records.next().map_err(read_error)? else {
            return Err(not_one_record(*line));
        };
        builder.add(&Record { position: start, ..record });
        if !records.exhausted().map_err(read_error)? {
            return Err(not_one_record(*line));
        }
    }
    Ok(builder.finish(Position { offset: 0, line: 1 }, true))
}

/// Only corrected text can be invalid here; a part of it must not be loaded.
fn not_one_record(line: u64) -> Error {
    Error::new(Code::BadUserInput, format!("the text for line {line} is not exactly one record"))
}

fn decode_rows(
    dataset: &'static Dataset,
    text: impl Read,
    dialect: &Dialect,
    start: Position,
    limits: BatchLimits,
    out: &mpsc::Sender<Decoded>,
) -> Result<()> {
    let mut records = Records::new(text, settings(dialect, limits), start);
    let mut builder = BatchBuilder::new(dataset, dialect, start, limits)?;
    loop {
        let more = match records.next().map_err(read_error)? {
            Some(record) => {
                builder.add(&record);
                true
            }
            None => false,
        };
        if more && !builder.full() {
            continue;
        }
        let last = !more || records.exhausted().map_err(read_error)?;
        let end = records.position();
        let next = BatchBuilder::new(dataset, dialect, end, limits)?;
        let batch = std::mem::replace(&mut builder, next).finish(end, last);
        if out.blocking_send(Decoded::Batch(batch)).is_err() || last {
            return Ok(());
        }
    }
}

fn settings(dialect: &Dialect, limits: BatchLimits) -> Settings {
    Settings {
        delimiter: u8::try_from(dialect.delimiter).unwrap_or(b','),
        fields: dialect.header.len(),
        max_bytes: limits.record_bytes,
        encoding: dialect.encoding,
    }
}

/// Builds one batch.
struct BatchBuilder {
    converter: RowConverter,
    fields: usize,
    copy: CopyWriter,
    rounds: Rounds,
    batch: Batch,
    limits: BatchLimits,
}

impl BatchBuilder {
    fn new(
        dataset: &'static Dataset,
        dialect: &Dialect,
        start: Position,
        limits: BatchLimits,
    ) -> Result<Self> {
        let columns = dialect::column_indexes(dataset, &dialect.header)?;
        Ok(Self {
            converter: RowConverter::new(dataset, columns),
            fields: dialect.header.len(),
            copy: CopyWriter::default(),
            rounds: Rounds::default(),
            batch: Batch::new(start),
            limits,
        })
    }

    fn add(&mut self, record: &Record<'_>) {
        let fields = match &record.shape {
            Ok(fields) => *fields,
            Err(malformed) => return self.reject(record, self.fault(*malformed)),
        };
        match self.converter.convert(record.raw, fields) {
            Ok(key) => {
                let round = self.rounds.of(key, &self.batch.rows);
                self.converter.write(&mut self.copy, record.position.line, round, fields);
                self.batch.add_row(record.position, key, record.raw);
            }
            Err(fault) => self.reject(record, fault),
        }
    }

    fn reject(&mut self, record: &Record<'_>, fault: Fault) {
        self.batch.add_reject(record.position, fault, record.raw);
    }

    fn fault(&self, malformed: Malformed) -> Fault {
        let (reason, message) = match malformed {
            Malformed::UnbalancedQuote => {
                (Reason::UnbalancedQuote, "a quote opens here and is never closed".to_owned())
            }
            Malformed::TooLong => (
                Reason::RecordTooLong,
                format!(
                    "the record is longer than {} bytes; only its beginning is stored",
                    self.limits.record_bytes
                ),
            ),
            Malformed::FieldCount(found) => (
                Reason::FieldCount,
                format!("expected {} fields as in the header, found {found}", self.fields),
            ),
        };
        Fault { column: None, reason, message }
    }

    fn full(&self) -> bool {
        self.batch.records() >= self.limits.rows
            || self.batch.raw.len() >= self.limits.bytes
            || self.rounds.count() >= MAX_ROUNDS
    }

    fn finish(mut self, end: Position, last: bool) -> Batch {
        self.batch.copy = self.copy.finish();
        self.batch.rounds = self.rounds.count();
        self.batch.key_range = self.rounds.key_range();
        self.batch.to_offset = end.offset;
        self.batch.to_line = end.line;
        self.batch.last = last;
        self.batch.shrink();
        self.batch
    }
}

/// An error of reading or decompressing; a storage error is unwrapped.
fn read_error(error: io::Error) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(inner) => return inner,
        Err(error) => error,
    };
    let cause = error.to_string();
    let remedy = if cause.contains(input::ZSTD_WINDOW_TOO_LARGE) {
        "; compress it again with a window of at most 8 MiB: without --long and --ultra"
    } else {
        ""
    };
    Error::new(Code::BadUserInput, format!("the file cannot be decompressed: {cause}{remedy}"))
}

#[cfg(test)]
mod tests;
