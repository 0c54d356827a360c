//! Finds the documents in the text of a file, one at a time: what is held is the one at hand.

use std::io::{self, Read};

use super::name::Layout;
use crate::load::rejects::reason::Reason;

/// Bytes of the longest document.
pub(crate) const MAX_BYTES: usize = 16 << 20;
const CHUNK: usize = 64 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A document in the text, or what is there instead of one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Without blanks around it.
    pub(super) text: &'a [u8],
    /// Where it begins, in bytes of the text.
    pub(super) offset: u64,
    /// The line on which it begins; in [`Layout::Json`], where many may be on a line, the number
    /// of the document. From 1.
    pub(super) line: u64,
    pub(super) fault: Option<Broken>,
}

/// Why a piece is no document, as far as its ends go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// It is longer than [`MAX_BYTES`]; the piece has its beginning.
    TooLong,
    /// The file ends before the array does: the piece is all that is left.
    Unclosed,
    /// It follows the end of the array.
    AfterArray,
}

impl Broken {
    /// Why it is rejected.
    pub(super) fn reason(self) -> (Reason, &'static str) {
        match self {
            Self::TooLong => {
                let message = "the document is longer than 16 MiB; only its beginning is stored";
                (Reason::RecordTooLong, message)
            }
            Self::Unclosed => {
                let message = "the array is not closed; the rest of the file is this reject";
                (Reason::InvalidJson, message)
            }
            Self::AfterArray => {
                let message = "text follows the array; the rest of the file is this reject";
                (Reason::InvalidJson, message)
            }
        }
    }
}

/// Where in the file the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first document.
    Begin,
    /// In a document, or before the next one.
    Within(Form),
    /// After the array or the only document.
    After,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    Array,
    Single,
}

/// What the brackets and quotes before a byte of an array's element have opened.
#[derive(Debug, Default)]
struct Nesting {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    /// Takes a byte; tells whether it is a comma or bracket that ends the element.
    fn ends_at(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                // No string has one. So a quote that is missing costs its own element only.
                b'\n' => (self.in_string, self.escaped) = (false, false),
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' => self.depth = self.depth.saturating_sub(1),
            b',' | b']' if self.depth == 0 => return true,
            b']' => self.depth -= 1,
            _ => {}
        }
        false
    }
}

/// The documents of a text.
pub(super) struct Documents<R> {
    input: R,
    layout: Layout,
    state: State,
    buffer: Vec<u8>,
    /// The first byte of the buffer that is not done with.
    start: usize,
    /// Bytes that were read and are in the buffer no more.
    before: u64,
    /// Of the next piece, see [`Piece::line`].
    line: u64,
    /// Bytes of the piece at hand that were dropped: it is too long.
    dropped: u64,
    at_end: bool,
    /// Of reading, after the bytes that are in the buffer.
    failed: Option<io::Error>,
    max_bytes: usize,
    /// Whether an element of the array was found.
    has_elements: bool,
}

/// How far the piece at hand reaches.
struct Extent {
    length: usize,
    /// With what separates it from the next one.
    consumed: usize,
    fault: Option<Broken>,
    next: State,
}

impl<R: Read> Documents<R> {
    /// Of a whole file.
    pub(super) fn new(input: R, layout: Layout) -> Self {
        Self {
            input,
            layout,
            state: State::Begin,
            buffer: Vec::new(),
            start: 0,
            before: 0,
            line: 1,
            dropped: 0,
            at_end: false,
            failed: None,
            max_bytes: MAX_BYTES,
            has_elements: false,
        }
    }

    /// From an offset on at which a document of a file with several may begin.
    pub(super) fn resumed(input: R, layout: Layout, offset: u64, line: u64) -> Self {
        let form = if layout == Layout::Lines { Form::Lines } else { Form::Array };
        let state = State::Within(form);
        Self { state, before: offset, line, has_elements: true, ..Self::new(input, layout) }
    }

    /// Where the next document may begin, in bytes, and its [`Piece::line`].
    pub(super) fn position(&self) -> (u64, u64) {
        (self.before + self.start as u64, self.line)
    }

    /// Whether the file may be resumed here: not once the last document is found.
    pub(super) fn may_resume(&self) -> bool {
        matches!(self.state, State::Within(Form::Lines | Form::Array))
    }

    /// The next document.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        if self.state == State::Begin {
            self.begin()?;
        }
        loop {
            self.skip_blanks()?;
            let (offset, line) = self.position();
            let extent = match self.state {
                State::Begin | State::End => return Ok(None),
                State::Within(Form::Lines) => self.line_extent()?,
                State::Within(Form::Array) => self.element()?,
                State::Within(Form::Single) => self.rest(None)?,
                State::After => self.rest(Some(Broken::AfterArray))?,
            };
            let Some(extent) = extent else {
                self.state = State::End;
                return Ok(None);
            };
            let is_empty_array = extent.length == 0
                && extent.fault.is_none()
                && extent.next == State::After
                && !self.has_elements;
            self.has_elements = true;
            self.state = extent.next;
            let from = self.start;
            self.consume(extent.consumed);
            if is_empty_array {
                continue;
            }
            if self.layout == Layout::Json {
                self.line += 1;
            }
            let text = self.buffer.get(from..from + extent.length).unwrap_or_default();
            let text = text.trim_ascii_end();
            return Ok(Some(Piece { text, offset, line, fault: extent.fault }));
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        while self.buffer.len() < BOM.len() && self.fill()? {}
        if self.buffer.starts_with(BOM) {
            self.start = BOM.len();
        }
        self.skip_blanks()?;
        self.state = match (self.layout, self.buffer.get(self.start)) {
            (Layout::Lines, _) => State::Within(Form::Lines),
            (Layout::Json, Some(b'[')) => {
                self.consume(1);
                State::Within(Form::Array)
            }
            (Layout::Json, _) => State::Within(Form::Single),
        };
        Ok(())
    }

    /// Reads more; `false` at the end. What is done with makes room.
    fn fill(&mut self) -> io::Result<bool> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if self.at_end {
            return Ok(false);
        }
        if self.start >= CHUNK || self.start == self.buffer.len() {
            self.buffer.drain(..self.start);
            self.before += self.start as u64;
            self.start = 0;
        }
        let length = self.buffer.len();
        match self.input.by_ref().take(CHUNK as u64).read_to_end(&mut self.buffer) {
            Ok(read) => self.at_end = read == 0,
            Err(error) if self.buffer.len() == length => return Err(error),
            // What came before it is text as any other.
            Err(error) => self.failed = Some(error),
        }
        Ok(!self.at_end)
    }

    fn consume(&mut self, bytes: usize) {
        let to = self.start + bytes;
        let done = self.buffer.get(self.start..to).unwrap_or_default();
        self.before += std::mem::take(&mut self.dropped);
        if self.layout == Layout::Lines {
            self.line += memchr::memchr_iter(b'\n', done).count() as u64;
        }
        self.start = to.min(self.buffer.len());
    }

    fn skip_blanks(&mut self) -> io::Result<()> {
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let is_all = blanks == rest.len();
            self.consume(blanks);
            if !is_all || !self.fill()? {
                return Ok(());
            }
        }
    }

    /// The text of the piece at hand that is in the buffer, from one of its bytes on.
    fn held(&self, from: usize) -> &[u8] {
        self.buffer.get(self.start + from..).unwrap_or_default()
    }

    /// Reads on, and drops what was examined of a piece that is too long. Returns how much of
    /// the piece is held and was examined; `None` at the end of the file.
    fn more(&mut self, examined: usize) -> io::Result<Option<usize>> {
        let mut examined = examined;
        if examined > self.max_bytes {
            let kept = self.start + self.max_bytes;
            // Not counted before the piece is found: until then the next one begins where it does.
            self.dropped += (examined - self.max_bytes) as u64;
            self.buffer.drain(kept..self.start + examined);
            examined = self.max_bytes;
        }
        Ok(self.fill()?.then_some(examined))
    }

    fn line_extent(&mut self) -> io::Result<Option<Extent>> {
        let (mut examined, mut is_long) = (0, false);
        let next = State::Within(Form::Lines);
        loop {
            let found = memchr::memchr(b'\n', self.held(examined));
            let length = found.map_or(self.held(0).len(), |at| examined + at);
            is_long |= length > self.max_bytes;
            let fault = is_long.then_some(Broken::TooLong);
            if found.is_some() {
                let kept = length.min(self.max_bytes);
                return Ok(Some(Extent { length: kept, consumed: length + 1, fault, next }));
            }
            match self.more(length)? {
                Some(held) => examined = held,
                None if length == 0 => return Ok(None),
                None => {
                    let kept = length.min(self.max_bytes);
                    return Ok(Some(Extent { length: kept, consumed: length, fault, next }));
                }
            }
        }
    }

    fn element(&mut self) -> io::Result<Option<Extent>> {
        let mut nesting = Nesting::default();
        let (mut examined, mut is_long) = (0, false);
        loop {
            let found = self.held(examined).iter().position(|byte| nesting.ends_at(*byte));
            let length = found.map_or(self.held(0).len(), |at| examined + at);
            is_long |= length > self.max_bytes;
            if found.is_some() {
                let next = match self.held(length).first() {
                    Some(b']') => State::After,
                    _ => State::Within(Form::Array),
                };
                let fault = is_long.then_some(Broken::TooLong);
                let kept = length.min(self.max_bytes);
                return Ok(Some(Extent { length: kept, consumed: length + 1, fault, next }));
            }
            match self.more(length)? {
                Some(held) => examined = held,
                None => {
                    let fault = Some(if is_long { Broken::TooLong } else { Broken::Unclosed });
                    let kept = length.min(self.max_bytes);
                    let next = State::End;
                    return Ok(Some(Extent { length: kept, consumed: length, fault, next }));
                }
            }
        }
    }

    /// All that is left of the file.
    fn rest(&mut self, fault: Option<Broken>) -> io::Result<Option<Extent>> {
        let (mut examined, mut is_long) = (0, false);
        loop {
            examined += self.held(examined).len();
            is_long |= examined > self.max_bytes;
            match self.more(examined)? {
                Some(held) => examined = held,
                None if examined == 0 && fault.is_some() => return Ok(None),
                None => {
                    let fault = if is_long { Some(Broken::TooLong) } else { fault };
                    let length = examined.min(self.max_bytes);
                    let next = State::End;
                    return Ok(Some(Extent { length, consumed: examined, fault, next }));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
