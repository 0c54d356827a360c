//! From the bytes of an object to batches: decompress, decode, split into records,
//! convert to typed values, write in COPY format. Runs on its own thread, one batch ahead
//! of Postgres.

mod batch;
mod builder;
mod date_format;
mod dialect;
mod encoding;
mod ends;
mod fields;
mod format;
mod group;
mod header;
mod input;
mod malformed;
mod mapped;
mod members;
mod notation;
mod number;
mod open;
mod preview;
mod quoting;
mod record;
mod row;
mod separators;
mod settings;
mod shape;
mod value;
mod value_rows;

use std::io::Read;

use tokio::sync::mpsc;

pub(crate) use batch::{Batch, PART_BITS, Reject, RowKey};
pub use builder::BatchLimits;
pub(crate) use date_format::DateFormat;
pub use dialect::Dialect;
pub use encoding::{Compression, Encoding};
pub use format::Format;
pub(crate) use format::fits;
pub(crate) use group::{GroupDecoder, WholeFile};
pub(crate) use input::ChannelReader;
pub use number::DecimalMark;
pub(crate) use open::{Plain, open_plain, read_error, resume_plain};
pub(crate) use preview::{Preview, Split, preview, split, text_of};
pub(crate) use value_rows::{PartAt, ValueRows};

use crate::dataset::{Column, Dataset};
use crate::error::{Code, Error, Result};
use batch::{Place, Rounds};
use builder::BatchBuilder;
use members::Trailing;
use open::{Opened, open, record_settings, replaced};
use record::{Position, Record, Records};
use settings::Settings;
use shape::Shape;

/// The output of the decoder.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// The dialect and the first record; not sent for a resumed file.
    Begun(Checkpoint),
    Batch(Batch),
}

/// Takes what is decoded.
pub(crate) trait Sink {
    /// Whether more is wanted.
    fn put(&mut self, decoded: Decoded) -> bool;
}

impl Sink for &mpsc::Sender<Decoded> {
    fn put(&mut self, decoded: Decoded) -> bool {
        self.blocking_send(decoded).is_ok()
    }
}

/// Where to start or resume a file.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    pub(crate) dialect: Dialect,
    pub(crate) offset: u64,
    pub(crate) line: u64,
}

/// How many fields there are, and how many could be a value of a column.
pub(crate) fn reads<'a>(
    column: &Column,
    fields: impl Iterator<Item = &'a str>,
    format: &Format,
) -> (usize, usize) {
    row::reads(column, fields, format)
}

/// Checks what a format says of values.
///
/// # Errors
/// `BadUserInput`: a value that a column cannot have, or a pattern that is none.
pub(crate) fn check_format(dataset: &Dataset, format: &Format) -> Result<()> {
    row::check_format(dataset, format)
}

/// Decodes a file from its beginning, in the format of a mapping if there is one.
pub(crate) fn decode_from_start(
    dataset: &'static Dataset,
    format: Option<&Format>,
    input: impl Read,
    limits: BatchLimits,
    out: impl Sink,
) -> Result<()> {
    decode_at(&mut Place::alone(), dataset, format, input, limits, out)
}

fn decode_at(
    place: &mut Place,
    dataset: &'static Dataset,
    format: Option<&Format>,
    input: impl Read,
    limits: BatchLimits,
    mut out: impl Sink,
) -> Result<()> {
    let Opened { dialect, text, start, trailing } = open(dataset, format, input)?;
    let first = Checkpoint { dialect, offset: start.offset, line: start.line };
    if !out.put(Decoded::Begun(first.clone())) {
        return Ok(());
    }
    let rows = Rows { dataset, text, trailing: &trailing, start, limits };
    rows.decode(place, first.dialect, out)
}

/// Resumes a file. `input` begins at the checkpoint's offset, or for a compressed file at
/// its beginning.
pub(crate) fn decode_from_checkpoint(
    dataset: &'static Dataset,
    input: impl Read,
    checkpoint: &Checkpoint,
    limits: BatchLimits,
    out: impl Sink,
) -> Result<()> {
    let dialect = &checkpoint.dialect;
    let Plain { text: plain, trailing, .. } =
        resume_plain(input, dialect.compression, checkpoint.offset)?;
    let text = input::decode_text(plain, dialect.encoding);
    let start = Position { offset: checkpoint.offset, line: checkpoint.line };
    let rows = Rows { dataset, text, trailing: &trailing, start, limits };
    rows.decode(&mut Place::alone(), dialect.clone(), out)
}

/// A stored record.
#[derive(Debug, Default)]
pub(crate) struct RawRecord {
    pub(crate) line: u64,
    /// Which part of a document it is.
    pub(crate) part: u32,
    /// The key of its order, where it is a parked line of a document.
    pub(crate) key: Option<i32>,
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
    let mut place = Place::alone();
    let mut builder = BatchBuilder::new(dataset, dialect, Position { offset: 0, line: 1 }, limits)?;
    for RawRecord { line, offset, raw, .. } in stored {
        let start = Position { offset: *offset, line: *line };
        // Stored records are UTF-8 whatever the file was, and of the limit that was in
        // force then.
        let max_bytes = limits.record_bytes.max(raw.len());
        let settings =
            Settings { encoding: Encoding::Utf8, max_bytes, ..record_settings(dialect, limits) };
        // Somebody says that it is one record.
        let mut records = Records::new(replaced(raw.as_slice(), &settings), settings, None, start);
        let Some(record) = records.next().map_err(read_error)? else {
            return Err(not_one_record(*line));
        };
        builder.add(&Record { position: start, ..record }, &mut place);
        if !records.exhausted().map_err(read_error)? {
            return Err(not_one_record(*line));
        }
    }
    Ok(builder.finish(&place, Position { offset: 0, line: 1 }, true))
}

/// Only corrected text can be invalid here; a part of it must not be loaded.
fn not_one_record(line: u64) -> Error {
    Error::new(Code::BadUserInput, format!("the text for line {line} is not exactly one record"))
}

/// The rows of a file, from a record on.
struct Rows<'a, R> {
    dataset: &'static Dataset,
    text: R,
    trailing: &'a Trailing,
    start: Position,
    limits: BatchLimits,
}

impl<R: Read> Rows<'_, R> {
    fn decode(self, place: &mut Place, mut dialect: Dialect, mut out: impl Sink) -> Result<()> {
        let Self { dataset, text, trailing, start, limits } = self;
        let settings = record_settings(&dialect, limits);
        let format = dialect.format.as_deref();
        let indexes = dialect::column_indexes(dataset, &dialect.header, format)?;
        let shape = Shape::new(dataset, &indexes, settings.syntax, settings.fields);
        let mut records = Records::new(replaced(text, &settings), settings, Some(shape), start);
        let mut builder = BatchBuilder::new(dataset, &dialect, start, limits)?;
        loop {
            let end = match records.next() {
                Ok(Some(record)) => {
                    builder.add(&record, place);
                    if !builder.full(place) {
                        continue;
                    }
                    records.exhausted()
                }
                Ok(None) => Ok(true),
                Err(error) => Err(error),
            };
            let at_end = matches!(end, Ok(true));
            // A file with a fault at its end is not loaded, though all its rows are.
            let last = at_end && trailing.is_empty();
            let position = records.position();
            if let Some(learned) = builder.learned(&dialect) {
                dialect = learned;
            }
            let next = BatchBuilder::new(dataset, &dialect, position, limits)?;
            let batch = std::mem::replace(&mut builder, next).finish(place, position, last);
            // What cannot be read on does not take the records before it along.
            let is_worth_it = end.is_ok() || batch.records() > 0;
            if is_worth_it && !out.put(Decoded::Batch(batch)) {
                return Ok(());
            }
            end.map_err(read_error)?;
            if at_end {
                return trailing.check();
            }
            place.rounds = Rounds::default();
        }
    }
}

#[cfg(test)]
mod tests;
