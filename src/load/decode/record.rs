//! Splits decoded text into records with their positions; a stray quote in one record
//! never affects its neighbours.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Terminator};

use super::ends::{RecordEnd, line_ends};
use super::fields::{self, Fields};
use super::malformed::Malformed;
use super::quoting::{Quoting, quoting};
use super::separators::RECORD;
use super::settings::Settings;
use super::shape::{Likeness, Shape};

/// A position in the decompressed file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// In bytes.
    pub(super) offset: u64,
    /// From 1.
    pub(super) line: u64,
}

/// Reads records from text.
pub(super) struct Records<R> {
    input: R,
    csv: csv_core::Reader,
    settings: Settings,
    end: RecordEnd,
    /// What tells a record that a stray quote has swallowed; `None` takes any quoted field.
    shape: Option<Shape>,
    window: Vec<u8>,
    start: usize,
    at_end: bool,
    /// Why no more can be read.
    fault: Option<io::Error>,
    after_cr: bool,
    /// Whether the record before ended without a line end: a terminator ended it, and the
    /// next one counts as another line unless a line end follows.
    unbroken: bool,
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
    /// A line within it that may be a record of its own.
    pub(super) doubtful: Option<u64>,
}

/// How far a record reaches, or the line of a malformed one.
struct Extent {
    /// In bytes, with its line end.
    length: usize,
    /// Ends of records within it, in quotes.
    lines: u64,
    shape: Result<usize, Malformed>,
    doubtful: Option<u64>,
}

impl Extent {
    /// A malformed line.
    fn line(length: usize, why: Malformed) -> Self {
        Self { length, lines: 0, shape: Err(why), doubtful: None }
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
    pub(super) fn new(
        input: R,
        settings: Settings,
        shape: Option<Shape>,
        position: Position,
    ) -> Self {
        let end = settings.end();
        let mut parser = settings.syntax.parser();
        if end == RecordEnd::Marker {
            parser.terminator(Terminator::Any(RECORD));
        }
        Self {
            input,
            shape,
            csv: parser.build(),
            ends: vec![0; settings.fields + 8],
            settings,
            end,
            window: Vec::with_capacity(2 * CHUNK),
            start: 0,
            at_end: false,
            fault: None,
            after_cr: false,
            unbroken: false,
            position,
            fields: vec![0; 4096],
        }
    }

    /// Where the next record begins.
    pub(super) fn position(&self) -> Position {
        let Position { offset, line } = self.position;
        Position { offset, line: line + u64::from(self.unbroken) }
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
        let Extent { length, lines, shape, doubtful } = match self.parse()? {
            Parsed::End => return Ok(None),
            // A line that ends within its record has an open quote.
            Parsed::TooLong => {
                let within = self.rest().get(..=self.settings.max_bytes);
                match within.and_then(|bytes| self.end.length(bytes)) {
                    Some(length) => Extent::line(length, Malformed::UnbalancedQuote),
                    None => return self.skip_long_line(position).map(Some),
                }
            }
            Parsed::Record { bytes, fields, open_quote } => {
                self.validate(bytes, fields, open_quote)
            }
        };
        let from = self.start;
        let body = self.end.trim(self.rest().get(..length).unwrap_or_default()).len();
        self.advance(length, lines);
        if let (Ok(count), Some(separators)) = (shape, &self.settings.separators) {
            fields::restore(separators, &mut self.fields, &mut self.ends, count);
        }
        let raw = self.window.get(from..from + body).unwrap_or_default();
        let ends = |count| self.ends.get(..count).unwrap_or_default();
        let shape = shape.map(|count| Fields::new(&self.fields, ends(count)));
        Ok(Some(Record { position, raw, shape, doubtful }))
    }

    /// Validates what the parser took for a record. One that spans lines must be well-formed,
    /// and no line that begins in it may be a record; otherwise only its first line is
    /// rejected and reading continues at the second, which may be valid.
    fn validate(&self, bytes: usize, count: usize, open_quote: bool) -> Extent {
        let record = self.rest().get(..bytes).unwrap_or_default();
        let body = self.end.trim(record);
        let counted = match count == self.settings.fields {
            true => Ok(count),
            false => Err(Malformed::FieldCount(count)),
        };
        let whole = |shape| Extent { length: bytes, lines: 0, shape, doubtful: None };
        // Only a quote makes a record span lines.
        let quoting = match open_quote {
            true => Quoting::Open,
            false => match self.settings.syntax.quote {
                Some(quote) if body.contains(&quote) => quoting(body, self.settings.syntax),
                _ => return whole(counted),
            },
        };
        let lines = self.end.within(body);
        if lines == 0 {
            return whole(match quoting {
                Quoting::Open => Err(Malformed::UnbalancedQuote),
                Quoting::Stray => Err(Malformed::StrayQuote),
                Quoting::Closed => counted,
            });
        }
        let first = self.end.length(record).unwrap_or(bytes);
        if quoting != Quoting::Closed || counted.is_err() {
            return Extent::line(first, Malformed::UnbalancedQuote);
        }
        match self.likeness(body) {
            (Likeness::Record, line) => Extent::line(first, Malformed::Swallows(line)),
            (Likeness::Doubtful, line) => Extent { lines, doubtful: Some(line), ..whole(counted) },
            (Likeness::Text, _) => Extent { lines, ..whole(counted) },
        }
    }

    /// Of the lines that begin in a record, the one that is most likely a record itself.
    fn likeness(&self, record: &[u8]) -> (Likeness, u64) {
        let mut most = (Likeness::Text, self.position.line);
        let (Some(shape), mut rest, mut line) = (&self.shape, record, self.position.line) else {
            return most;
        };
        while let Some(length) = self.end.length(rest) {
            let (ended, after) = rest.split_at_checked(length).unwrap_or_default();
            let skipped = match self.end {
                RecordEnd::Line => usize::from(ended.ends_with(b"\r") && after.starts_with(b"\n")),
                RecordEnd::Marker => {
                    after.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count()
                }
            };
            let (between, after) = after.split_at_checked(skipped).unwrap_or_default();
            rest = after;
            line += match self.end {
                RecordEnd::Line => 1,
                RecordEnd::Marker => (self.lines_of(ended) + line_ends(between)).max(1),
            };
            let end = self.end.length(rest);
            let own = end.map_or(rest, |end| rest.get(..end - 1).unwrap_or_default());
            match shape.of(own) {
                Likeness::Record => return (Likeness::Record, line),
                Likeness::Doubtful if most.0 == Likeness::Text => most = (Likeness::Doubtful, line),
                _ => {}
            }
        }
        most
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
                    if self.end.trim(record).len() > self.settings.max_bytes {
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
                    let body = self.end.trim(input);
                    let open_quote = quoting(body, self.settings.syntax) == Quoting::Open;
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
            let length = self.end.length(self.rest());
            self.advance(length.unwrap_or(self.rest().len()), 0);
            if length.is_some() || self.at_end {
                break;
            }
            self.refill()?;
        }
        let shape = Err(Malformed::TooLong);
        Ok(Record { position, raw: &self.fields, shape, doubtful: None })
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
                    self.unbroken = false;
                    self.advance_within_line(1);
                    self.position.line += 1;
                }
                Some(&RECORD) if self.end == RecordEnd::Marker => {
                    self.after_cr = false;
                    let lines = self.settings.lines_of_end();
                    self.unbroken &= lines == 0;
                    self.advance_within_line(1);
                    self.position.line += lines;
                }
                Some(_) => {
                    self.after_cr = false;
                    self.position = self.position();
                    self.unbroken = false;
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

    /// Moves on over a record with that many records' ends within it.
    fn advance(&mut self, length: usize, ends: u64) {
        let record = self.rest().get(..length).unwrap_or_default();
        let lines = match self.end {
            RecordEnd::Line => ends + u64::from(self.end.trim(record).len() < record.len()),
            RecordEnd::Marker => self.lines_of(record),
        };
        self.after_cr = record.last() == Some(&b'\r');
        self.unbroken = self.end == RecordEnd::Marker && lines == 0;
        self.position.line += lines;
        self.advance_within_line(length);
    }

    /// The lines that end in a text in which terminators are replaced.
    fn lines_of(&self, text: &[u8]) -> u64 {
        line_ends(text) + self.end.within(text) * self.settings.lines_of_end()
    }

    fn advance_within_line(&mut self, length: usize) {
        let passed = self.window.get(self.start..self.start + length).unwrap_or_default();
        self.position.offset += self.settings.file_bytes(passed);
        self.start += length;
    }

    /// Reads more input. The window doubles, so that parsing it again each time costs at
    /// most twice its length.
    fn refill(&mut self) -> io::Result<()> {
        if let Some(error) = self.fault.take() {
            return Err(error);
        }
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
                // The records before come first.
                Err(error) => {
                    self.fault = Some(error);
                    break;
                }
            }
        }
        self.window.truncate(filled);
        Ok(())
    }
}
