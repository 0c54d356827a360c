//! From an object's bytes to batches: decompress, decode, cut into records,
//! convert to typed values, and pack for COPY. Runs on a thread of its own, one
//! batch ahead of Postgres.

mod batch;
mod dialect;
mod input;
mod record;
mod row;
mod value;

use std::io::{self, Read};

use tokio::sync::mpsc;

pub(crate) use batch::{Batch, Key};
pub use dialect::{Compression, Dialect, Encoding};
pub(crate) use input::ChannelReader;

use crate::dataset::Dataset;
use crate::db::copy::CopyWriter;
use crate::error::{Code, Error, Result};
use crate::load::rejects::reason::{Fault, Reason};
use batch::Rounds;
use record::{Misshape, Position, Record, Records, Settings, Unit};
use row::RowConverter;

/// Bounds of a batch and of a record.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// Records a batch holds at most.
    pub rows: usize,
    /// Bytes of text a batch holds at most, but for its last record.
    pub bytes: usize,
    /// Bytes of a single record at most.
    pub record_bytes: usize,
}

/// A batch ends when one key has come so often, because each repetition costs a
/// merge of its own.
const MOST_ROUNDS: i16 = 64;
/// Bytes of text looked at for the dialect.
const HEAD: usize = 64 * 1024;

/// What the decoder tells.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// The dialect and where the first record begins; only of a file begun anew.
    Begun { dialect: Dialect, offset: u64, line: u64 },
    /// The next rows; the last batch of a file says so.
    Batch(Batch),
}

/// Where to go on in a file that was begun before.
#[derive(Debug, Clone)]
pub(crate) struct Resume {
    pub(crate) dialect: Dialect,
    pub(crate) offset: u64,
    pub(crate) line: u64,
}

/// Decodes a file from its beginning and sends what it finds.
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
    let (dialect, length) = dialect::tell(dataset, compression, encoding, &head)?;
    io::copy(&mut text.by_ref().take(length as u64), &mut io::sink()).map_err(read_error)?;
    let header = head.get(..length).unwrap_or_default();
    let start = Position { offset: bom as u64 + unit(encoding).file_bytes(header), line: 2 };
    let begun = Decoded::Begun { dialect: dialect.clone(), offset: start.offset, line: start.line };
    if out.blocking_send(begun).is_err() {
        return Ok(());
    }
    decode_rows(dataset, text, &dialect, start, limits, out)
}

/// Decodes a file from where it was left. `input` begins at that offset where
/// the file is not compressed, at the file's beginning where it is.
pub(crate) fn decode_from_checkpoint(
    dataset: &'static Dataset,
    input: impl Read,
    resume: &Resume,
    limits: BatchLimits,
    out: &mpsc::Sender<Decoded>,
) -> Result<()> {
    let dialect = &resume.dialect;
    let mut plain = input::decompress(input, dialect.compression).map_err(read_error)?;
    if dialect.compression != Compression::None {
        let skipped = io::copy(&mut plain.by_ref().take(resume.offset), &mut io::sink());
        if skipped.map_err(read_error)? < resume.offset {
            return Err(dialect::file_error(
                "the file is shorter than what was already loaded of it",
            ));
        }
    }
    let text = input::decode_text(plain, dialect.encoding);
    let start = Position { offset: resume.offset, line: resume.line };
    decode_rows(dataset, text, dialect, start, limits, out)
}

/// Packs single records, kept as they were, into one batch. Places are those of
/// the records; the order is kept.
pub(crate) fn decode_kept(
    dataset: &'static Dataset,
    dialect: &Dialect,
    kept: &[(u64, u64, Vec<u8>)],
    limits: BatchLimits,
) -> Result<Batch> {
    let mut packer = Packer::new(dataset, dialect, Position { offset: 0, line: 1 }, limits)?;
    for (line, offset, raw) in kept {
        let start = Position { offset: *offset, line: *line };
        // Kept records are UTF-8 whatever the file was.
        // They were within the bound of their time, which may have been another.
        let max_bytes = limits.record_bytes.max(raw.len());
        let settings = Settings { unit: Unit::Utf8, max_bytes, ..settings(dialect, limits) };
        let mut records = Records::new(raw.as_slice(), &settings, start);
        let Some(record) = records.next().map_err(read_error)? else {
            return Err(not_one_record(*line));
        };
        packer.take(&Record { position: start, ..record });
        if !records.exhausted().map_err(read_error)? {
            return Err(not_one_record(*line));
        }
    }
    Ok(packer.finish(Position { offset: 0, line: 1 }, true))
}

/// Only corrected text can be anything else; taking a part of it would lose the rest.
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
    let mut records = Records::new(text, &settings(dialect, limits), start);
    let mut packer = Packer::new(dataset, dialect, start, limits)?;
    loop {
        let more = match records.next().map_err(read_error)? {
            Some(record) => {
                packer.take(&record);
                true
            }
            None => false,
        };
        if more && !packer.full() {
            continue;
        }
        let last = !more || records.exhausted().map_err(read_error)?;
        let end = records.position();
        let next = Packer::new(dataset, dialect, end, limits)?;
        let batch = std::mem::replace(&mut packer, next).finish(end, last);
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
        unit: unit(dialect.encoding),
    }
}

fn unit(encoding: Encoding) -> Unit {
    match encoding {
        Encoding::Utf8 => Unit::Utf8,
        Encoding::Utf16Le | Encoding::Utf16Be => Unit::Utf16,
    }
}

/// Fills one batch.
struct Packer {
    converter: RowConverter,
    fields: usize,
    copy: CopyWriter,
    rounds: Rounds,
    batch: Batch,
    limits: BatchLimits,
}

impl Packer {
    fn new(
        dataset: &'static Dataset,
        dialect: &Dialect,
        start: Position,
        limits: BatchLimits,
    ) -> Result<Self> {
        let places = dialect::places(dataset, &dialect.header)?;
        Ok(Self {
            converter: RowConverter::new(dataset, places),
            fields: dialect.header.len(),
            copy: CopyWriter::with_capacity(0),
            rounds: Rounds::default(),
            batch: Batch::new(start, Vec::new()),
            limits,
        })
    }

    fn take(&mut self, record: &Record<'_>) {
        let fields = match &record.shape {
            Ok(fields) => *fields,
            Err(misshape) => return self.reject(record, self.broken(*misshape)),
        };
        match self.converter.convert(record.raw, fields) {
            Ok(key) => {
                let round = self.rounds.of(key, &self.batch.rows);
                self.converter.write(&mut self.copy, record.position.line, round, fields);
                self.batch.keep_row(record.position, key, record.raw);
            }
            Err(fault) => self.reject(record, fault),
        }
    }

    fn reject(&mut self, record: &Record<'_>, fault: Fault) {
        self.batch.keep_reject(record.position, fault, record.raw);
    }

    fn broken(&self, misshape: Misshape) -> Fault {
        let (reason, message) = match misshape {
            Misshape::UnbalancedQuote => {
                (Reason::UnbalancedQuote, "a quote opens here and is never closed".to_owned())
            }
            Misshape::TooLong => (
                Reason::RecordTooLong,
                format!(
                    "the record is longer than {} bytes; only its beginning is kept",
                    self.limits.record_bytes
                ),
            ),
            Misshape::FieldCount(found) => (
                Reason::FieldCount,
                format!("expected {} fields as in the header, found {found}", self.fields),
            ),
        };
        Fault { column: None, reason, message }
    }

    fn full(&self) -> bool {
        self.batch.records() >= self.limits.rows
            || self.batch.raw.len() >= self.limits.bytes
            || self.rounds.most() >= MOST_ROUNDS
    }

    fn finish(mut self, end: Position, last: bool) -> Batch {
        self.batch.copy = self.copy.finish();
        self.batch.rounds = self.rounds.most();
        self.batch.rising_keys = self.rounds.rising();
        self.batch.to_offset = end.offset;
        self.batch.to_line = end.line;
        self.batch.last = last;
        self.batch.shrink();
        self.batch
    }
}

/// A failure to read or to decompress. A storage error travels inside.
fn read_error(error: io::Error) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(inner) => return inner,
        Err(error) => error,
    };
    let cause = error.to_string();
    let way_out = if cause.contains(input::ZSTD_WINDOW_TOO_LARGE) {
        "; compress it anew with a window of at most 8 MiB, that is without --long or --ultra"
    } else {
        ""
    };
    Error::new(Code::BadUserInput, format!("the file cannot be decompressed: {cause}{way_out}"))
}

#[cfg(test)]
mod tests;
