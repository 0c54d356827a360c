//! The whole decoder, on bytes in memory. Every byte of a known text must be part of a
//! row, a reject or a line end.

mod batches;
mod broken;
mod decimals;
mod dialects;
mod groups;
mod headers;
mod mapped;
#[cfg(feature = "demo")]
mod planted;
mod quotes;
mod random;
mod swallowed;

use std::io::{self, Read, Write as _};

use tokio::sync::mpsc;

use super::*;
use crate::dataset::{Column, Kind};
use crate::load::rejects::reason::Reason;

const LIMITS: BatchLimits = BatchLimits { rows: 100_000, bytes: 1 << 30, record_bytes: 1 << 20 };

const fn column(source: &'static str, kind: Kind, required: bool) -> Column {
    Column { source, name: source, kind, required }
}

/// A key and two texts of any length.
static NOTE: Dataset = Dataset {
    carried: &[],
    table: "note",
    file_stem: "Test.Note",
    columns: &[
        column("id", Kind::Integer { min: 0, max: i32::MAX }, true),
        column("head", Kind::Text { max: usize::MAX }, false),
        column("body", Kind::Text { max: usize::MAX }, false),
    ],
    key: &["id"],
    parents: &[],
    checks: &[],
};

/// The values of a row; `None` for null.
type Values = Vec<Option<Vec<u8>>>;

/// Everything the decoder sent for a file.
struct Output {
    begun: Option<Checkpoint>,
    batches: Vec<Batch>,
    end: Result<()>,
}

/// A row without what depends on the batches.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    line: u64,
    offset: u64,
    key: RowKey,
    values: Values,
}

#[derive(Debug, PartialEq, Eq)]
struct Rejected {
    line: u64,
    offset: u64,
    column: Option<&'static str>,
    reason: Reason,
    raw: Vec<u8>,
}

impl Output {
    fn rows(&self) -> Vec<Row> {
        self.batches
            .iter()
            .flat_map(|batch| {
                let copied = copied(&batch.copy);
                assert_eq!(copied.len(), batch.rows.len());
                batch.rows.iter().zip(copied).map(|(row, (line, _, values))| {
                    assert_eq!(line, row.line, "the staged line is the row's");
                    Row { line, offset: row.offset, key: row.key, values }
                })
            })
            .collect()
    }

    fn rejects(&self) -> Vec<Rejected> {
        let of = |batch: &Batch| -> Vec<Rejected> {
            let rejected = |reject: &batch::Reject| {
                assert!(reject.fault.message.len() > 10, "{:?}", reject.fault);
                Rejected {
                    line: reject.line,
                    offset: reject.offset,
                    column: reject.fault.column,
                    reason: reject.fault.reason,
                    raw: batch.raw_of_reject(reject).to_vec(),
                }
            };
            batch.rejects.iter().map(rejected).collect()
        };
        self.batches.iter().flat_map(of).collect()
    }

    /// Line and reason of each reject.
    fn faults(&self) -> Vec<(u64, Reason)> {
        self.rejects().iter().map(|rejected| (rejected.line, rejected.reason)).collect()
    }

    fn ids(&self) -> Vec<i32> {
        self.rows().iter().map(|row| row.key[0]).collect()
    }

    /// The texts of a NOTE by id.
    fn texts(&self) -> Vec<(i32, String, String)> {
        let text =
            |value: &Option<Vec<u8>>| String::from_utf8(value.clone().unwrap_or_default()).unwrap();
        let texts = |row: Row| (row.key[0], text(&row.values[1]), text(&row.values[2]));
        self.rows().into_iter().map(texts).collect()
    }

    fn message(&self) -> &str {
        self.end.as_ref().expect_err("the file fails").message()
    }

    fn dialect(&self) -> Dialect {
        self.begun.clone().unwrap().dialect
    }

    /// Batches follow each other without a gap, and only the last is marked as such.
    fn check_chain(&self) {
        let first = self.begun.as_ref().unwrap();
        let (mut at, mut line) = (first.offset, first.line);
        for (n, batch) in self.batches.iter().enumerate() {
            assert_eq!(batch.from_offset, at);
            assert!(batch.to_offset >= at && batch.to_line >= line);
            (at, line) = (batch.to_offset, batch.to_line);
            assert_eq!(batch.last, n + 1 == self.batches.len() && self.end.is_ok());
            for row in &batch.rows {
                assert_eq!(batch.row_at_line(row.line).map(|found| found.offset), Some(row.offset));
            }
        }
    }

    /// Rows and rejects are at their offsets, with only line ends between them. `text` is
    /// the decompressed UTF-8 file.
    fn account_for(&self, text: &[u8]) {
        self.check_chain();
        let mut records: Vec<(u64, u64, Vec<u8>, bool)> = Vec::new();
        for batch in &self.batches {
            for row in &batch.rows {
                records.push((row.offset, row.line, batch.raw_of_row(row).to_vec(), false));
            }
            for reject in &batch.rejects {
                let cut = reject.fault.reason == Reason::RecordTooLong;
                records.push((
                    reject.offset,
                    reject.line,
                    batch.raw_of_reject(reject).to_vec(),
                    cut,
                ));
            }
        }
        records.sort();
        let mut at = usize::try_from(self.begun.as_ref().unwrap().offset).unwrap();
        let (mut counted, mut line_here, mut line_before) = (0, 1, 1);
        for (offset, line, raw, cut) in records {
            let offset = usize::try_from(offset).unwrap();
            assert!(offset >= at, "a byte was read twice at {offset}");
            let between = &text[at..offset];
            assert!(between.iter().all(|byte| b"\r\n".contains(byte)), "lost: {between:?}");
            assert!(line > line_before, "line {line} after {line_before}");
            // A record never begins within a CRLF, so lines add up piece by piece.
            line_here += lines_before(&text[counted..offset]);
            counted = offset;
            assert_eq!(line, line_here, "line of the record at {offset}");
            assert!(text[offset..].starts_with(&raw), "raw text of line {line}");
            at = offset + raw.len();
            if cut {
                let rest = &text[at..];
                at += rest.iter().position(|b| b"\r\n".contains(b)).unwrap_or(rest.len());
            }
            line_before = line;
        }
        if self.end.is_ok() {
            assert!(text[at..].iter().all(|byte| b"\r\n".contains(byte)), "lost at the end");
            let last = self.batches.last().unwrap();
            assert_eq!(last.to_offset, text.len() as u64);
            // Rows begin at line 2 even where the header has no line end.
            assert_eq!(last.to_line, (lines_before(text) + 1).max(2));
        }
    }
}

/// Line ends: CRLF, LF and CR.
fn lines_before(text: &[u8]) -> u64 {
    let ends = text.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => text.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    ends.count() as u64
}

fn collect(run: impl FnOnce(&mpsc::Sender<Decoded>) -> Result<()>) -> Output {
    // Large enough that sending never blocks.
    let (out, mut received) = mpsc::channel(1 << 20);
    let end = run(&out);
    drop(out);
    let (mut begun, mut batches) = (None, Vec::new());
    while let Ok(decoded) = received.try_recv() {
        match decoded {
            Decoded::Begun(first) => {
                assert!(begun.is_none() && batches.is_empty());
                begun = Some(first);
            }
            Decoded::Batch(batch) => batches.push(batch),
        }
    }
    Output { begun, batches, end }
}

fn decode_with(dataset: &'static Dataset, input: impl Read, limits: BatchLimits) -> Output {
    collect(|out| decode_from_start(dataset, None, input, limits, out))
}

fn decode_mapped(
    dataset: &'static Dataset,
    format: &Format,
    input: impl Read,
    limits: BatchLimits,
) -> Output {
    collect(|out| decode_from_start(dataset, Some(format), input, limits, out))
}

fn resume_with(
    dataset: &'static Dataset,
    input: impl Read,
    checkpoint: &Checkpoint,
    limits: BatchLimits,
) -> Output {
    collect(|out| decode_from_checkpoint(dataset, input, checkpoint, limits, out))
}

/// Decodes a NOTE file successfully and accounts for every byte.
fn decode(text: impl AsRef<[u8]>) -> Output {
    let output = decode_with(&NOTE, text.as_ref(), LIMITS);
    output.end.as_ref().unwrap();
    output.account_for(text.as_ref());
    output
}

/// Line, round and values of each row in binary COPY format.
fn copied(copy: &[u8]) -> Vec<(u64, i16, Values)> {
    fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
        let (taken, left) = rest.split_at(length);
        *rest = left;
        taken
    }
    fn field(rest: &mut &[u8]) -> Option<Vec<u8>> {
        let length = i32::from_be_bytes(take(rest, 4).try_into().unwrap());
        usize::try_from(length).ok().map(|length| take(rest, length).to_vec())
    }
    let mut rest = copy;
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let fields = i16::from_be_bytes(take(&mut rest, 2).try_into().unwrap());
        let file = field(&mut rest).unwrap().try_into().map(i16::from_be_bytes).unwrap();
        assert!(file > 0, "files are counted from 1");
        let line = field(&mut rest).unwrap().try_into().map(u64::from_be_bytes).unwrap();
        let round = field(&mut rest).unwrap().try_into().map(i16::from_be_bytes).unwrap();
        rows.push((line, round, (3..fields).map(|_| field(&mut rest)).collect()));
    }
    rows
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

#[derive(Clone, Copy)]
enum Endian {
    Little,
    Big,
}

/// UTF-16 with its byte order mark.
fn utf16(text: &str, endian: Endian) -> Vec<u8> {
    let bytes = |unit: u16| match endian {
        Endian::Little => unit.to_le_bytes(),
        Endian::Big => unit.to_be_bytes(),
    };
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
}

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound.max(1) as u64).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// Returns its input in pieces of random size, down to one byte.
struct Dribble<R> {
    input: R,
    dice: Dice,
    most: usize,
}

impl<R: Read> Read for Dribble<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = into.len().min(1 + self.dice.below(self.most));
        self.input.read(&mut into[..length])
    }
}
