//! Splits decoded text into records with their positions; a stray quote in one record
//! never affects its neighbours.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, ReaderBuilder};

use super::dialect::Encoding;

/// A position in the decompressed file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// In bytes.
    pub(super) offset: u64,
    /// From 1.
    pub(super) line: u64,
}

/// How to read the records of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) delimiter: u8,
    pub(super) fields: usize,
    pub(super) max_bytes: usize,
    pub(super) encoding: Encoding,
}

/// Reads records from text.
pub(super) struct Records<R> {
    input: R,
    csv: csv_core::Reader,
    settings: Settings,
    window: Vec<u8>,
    start: usize,
    at_end: bool,
    after_cr: bool,
    position: Position,
    fields: Vec<u8>,
    ends: Vec<usize>,
}

/// One record, or the line of a malformed one.
pub(super) struct Record<'a> {
    pub(super) position: Position,
    /// As read, without its line end.
    pub(super) raw: &'a [u8],
    pub(super) shape: Result<Fields<'a>, Malformed>,
}

/// Why a record is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// It has this many fields, the header another number.
    FieldCount(usize),
    UnbalancedQuote,
    TooLong,
}

/// The fields of a record, unquoted.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Fields<'a> {
    pub(super) fn get(&self, index: usize) -> &'a [u8] {
        let start = if index == 0 { Some(&0) } else { self.ends.get(index - 1) };
        match (start, self.ends.get(index)) {
            (Some(start), Some(end)) => self.bytes.get(*start..*end).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// The first record of the window.
enum Parsed {
    /// `bytes` includes the line end.
    Record {
        bytes: usize,
        fields: usize,
        open_quote: bool,
    },
    /// A record that ends beyond the limit, if at all.
    TooLong,
    End,
}

const CHUNK: usize = 64 * 1024;

impl<R: Read> Records<R> {
    pub(super) fn new(input: R, settings: Settings, position: Position) -> Self {
        Self {
            input,
            csv: ReaderBuilder::new().delimiter(settings.delimiter).build(),
            settings,
            window: Vec::with_capacity(2 * CHUNK),
            start: 0,
            at_end: false,
            after_cr: false,
            position,
            fields: vec![0; 4096],
            ends: vec![0; settings.fields + 8],
        }
    }

    /// Where the next record begins.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Whether the end follows.
    pub(super) fn exhausted(&mut self) -> io::Result<bool> {
        self.skip_line_ends()?;
        Ok(self.at_end && self.start == self.window.len())
    }

    /// The next record; blank lines are skipped.
    pub(super) fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        self.skip_line_ends()?;
        let position = self.position;
        let (length, shape) = match self.parse()? {
            Parsed::End => return Ok(None),
            // A line that ends within its record has an open quote.
            Parsed::TooLong => {
                match self.rest().get(..=self.settings.max_bytes).and_then(line_length) {
                    Some(length) => (length, Err(Malformed::UnbalancedQuote)),
                    None => return self.skip_long_line(position).map(Some),
                }
            }
            Parsed::Record { bytes, fields, open_quote } => {
                self.validate(bytes, fields, open_quote)
            }
        };
        let from = self.start;
        let body = without_line_end(self.rest().get(..length).unwrap_or_default()).len();
        self.advance(length);
        let raw = self.window.get(from..from + body).unwrap_or_default();
        let shape = shape.map(|count| Fields {
            bytes: &self.fields,
            ends: self.ends.get(..count).unwrap_or_default(),
        });
        Ok(Some(Record { position, raw, shape }))
    }

    /// Validates what the parser took for a record. One that spans lines must be strictly
    /// well-formed; otherwise only its first line is rejected and reading continues at the
    /// second, which may be valid.
    fn validate(
        &self,
        bytes: usize,
        count: usize,
        open_quote: bool,
    ) -> (usize, Result<usize, Malformed>) {
        let record = self.rest().get(..bytes).unwrap_or_default();
        let spans_lines = line_ends(without_line_end(record)) > 0;
        let count_matches = count == self.settings.fields;
        if open_quote
            || (spans_lines && !(count_matches && strict(record, self.settings.delimiter)))
        {
            let length = line_length(record).unwrap_or(bytes);
            return (length, Err(Malformed::UnbalancedQuote));
        }
        (bytes, if count_matches { Ok(count) } else { Err(Malformed::FieldCount(count)) })
    }

    fn parse(&mut self) -> io::Result<Parsed> {
        loop {
            self.csv.reset();
            // A new parser strips a byte order mark, which a record cannot have; an empty
            // read disables that.
            self.csv.read_record(&[], &mut [], &mut []);
            let input = self.window.get(self.start..).unwrap_or_default();
            let (result, read, written, ended) =
                self.csv.read_record(input, &mut self.fields, &mut self.ends);
            match result {
                ReadRecordResult::Record => {
                    let record = input.get(..read).unwrap_or_default();
                    if without_line_end(record).len() > self.settings.max_bytes {
                        return Ok(Parsed::TooLong);
                    }
                    return Ok(Parsed::Record { bytes: read, fields: ended, open_quote: false });
                }
                ReadRecordResult::End => return Ok(Parsed::End),
                ReadRecordResult::OutputFull => {
                    self.fields.resize(CHUNK.max(2 * self.fields.len()), 0);
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::InputEmpty if input.len() > self.settings.max_bytes => {
                    return Ok(Parsed::TooLong);
                }
                ReadRecordResult::InputEmpty if !self.at_end => self.refill()?,
                ReadRecordResult::InputEmpty if input.is_empty() => return Ok(Parsed::End),
                ReadRecordResult::InputEmpty => {
                    let bytes = input.len();
                    let open_quote = quote_stays_open(input, self.settings.delimiter);
                    let fields = self.fields.get_mut(written..).unwrap_or_default();
                    let ends = self.ends.get_mut(ended..).unwrap_or_default();
                    let (result, _, _, more) = self.csv.read_record(&[], fields, ends);
                    if matches!(result, ReadRecordResult::OutputEndsFull) {
                        self.ends.resize(2 * self.ends.len(), 0);
                        continue;
                    }
                    return Ok(Parsed::Record { bytes, fields: ended + more, open_quote });
                }
            }
        }
    }

    /// A single line longer than the limit: its head is kept, the rest is skipped.
    fn skip_long_line(&mut self, position: Position) -> io::Result<Record<'_>> {
        self.fields = self.rest().get(..self.settings.max_bytes).unwrap_or_default().to_vec();
        loop {
            let length = line_length(self.rest());
            self.advance(length.unwrap_or(self.rest().len()));
            if length.is_some() || self.at_end {
                break;
            }
            self.refill()?;
        }
        Ok(Record { position, raw: &self.fields, shape: Err(Malformed::TooLong) })
    }

    fn skip_line_ends(&mut self) -> io::Result<()> {
        loop {
            match self.window.get(self.start) {
                Some(b'\n') if self.after_cr => {
                    self.after_cr = false;
                    self.advance_within_line(1);
                }
                Some(byte @ (b'\n' | b'\r')) => {
                    self.after_cr = *byte == b'\r';
                    self.advance_within_line(1);
                    self.position.line += 1;
                }
                Some(_) => {
                    self.after_cr = false;
                    return Ok(());
                }
                None if self.at_end => return Ok(()),
                None => self.refill()?,
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.window.get(self.start..).unwrap_or_default()
    }

    fn advance(&mut self, length: usize) {
        let record = self.rest().get(..length).unwrap_or_default();
        let inner = without_line_end(record);
        let lines = line_ends(inner);
        let ended = inner.len() < record.len();
        self.after_cr = record.last() == Some(&b'\r');
        self.position.line += lines + u64::from(ended);
        self.advance_within_line(length);
    }

    fn advance_within_line(&mut self, length: usize) {
        let passed = self.window.get(self.start..self.start + length).unwrap_or_default();
        self.position.offset += self.settings.encoding.file_bytes(passed);
        self.start += length;
    }

    /// Reads more input. The window doubles, so that parsing it again each time costs at
    /// most twice its length.
    fn refill(&mut self) -> io::Result<()> {
        self.window.drain(..self.start);
        self.start = 0;
        let held = self.window.len();
        self.window.resize(held + CHUNK.max(held), 0);
        let mut filled = held;
        while filled < self.window.len() {
            match self.input.read(self.window.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.window.truncate(filled);
        Ok(())
    }
}

/// Length of the first line up to and including LF, CR or the CR of CRLF.
fn line_length(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map(|at| at + 1)
}

fn line_ends(bytes: &[u8]) -> u64 {
    let marks = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
    if marks == 0 {
        return 0;
    }
    (marks - bytes.windows(2).filter(|pair| pair == b"\r\n").count()) as u64
}

fn without_line_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// Whether the record conforms to RFC 4180: a quoted field ends at its closing quote, and
/// an unquoted field has no quote.
fn strict(record: &[u8], delimiter: u8) -> bool {
    matches!(quoting(record, delimiter), Quoting::Strict)
}

fn quote_stays_open(record: &[u8], delimiter: u8) -> bool {
    matches!(quoting(record, delimiter), Quoting::Open)
}

enum Quoting {
    Strict,
    Stray,
    Open,
}

fn quoting(record: &[u8], delimiter: u8) -> Quoting {
    let mut bytes = without_line_end(record).iter().copied().peekable();
    let mut stray = false;
    while let Some(first) = bytes.next() {
        if first == b'"' {
            loop {
                match bytes.next() {
                    None => return Quoting::Open,
                    Some(b'"') if bytes.peek() == Some(&b'"') => drop(bytes.next()),
                    Some(b'"') => break,
                    Some(_) => {}
                }
            }
            if bytes.next().is_some_and(|byte| byte != delimiter) {
                stray = true;
                bytes.by_ref().take_while(|byte| *byte != delimiter).for_each(drop);
            }
        } else if first != delimiter {
            let field = bytes.by_ref().take_while(|byte| *byte != delimiter);
            stray |= field.filter(|byte| *byte == b'"').count() > 0;
        }
    }
    if stray { Quoting::Stray } else { Quoting::Strict }
}
