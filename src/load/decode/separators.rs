//! Separators of more than one byte. The parser knows single bytes, so a stage in front of
//! it replaces each separator by one that no valid UTF-8 has; positions count the bytes of
//! the file, and raw text gets its separators back.

use std::borrow::Cow;
use std::io::{self, Read};

use memchr::{memchr, memchr2};

use super::encoding::Encoding;
use super::input::MALFORMED;

/// Stands for a delimiter of several bytes.
pub(super) const FIELD: u8 = 0xfe;
/// Stands for a row terminator.
pub(super) const RECORD: u8 = 0xf7;
const CHUNK: usize = 64 * 1024;

/// The separators that are replaced: those the parser cannot be told as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Separators {
    /// Empty if it is a single byte.
    delimiter: Vec<u8>,
    /// Empty if any line end ends a record.
    terminator: Vec<u8>,
}

impl Separators {
    /// `None` if the parser can be told both.
    pub(super) fn of(delimiter: &str, terminator: Option<&str>) -> Option<Self> {
        let delimiter = if is_single(delimiter) { "" } else { delimiter };
        let terminator = terminator.unwrap_or_default();
        (!delimiter.is_empty() || !terminator.is_empty())
            .then(|| Self { delimiter: delimiter.into(), terminator: terminator.into() })
    }

    /// Replaces them in a stream.
    pub(super) fn replace<R: Read>(self, input: R) -> Replaced<R> {
        Replaced {
            separators: self,
            input,
            pending: Vec::new(),
            at_end: false,
            text: Vec::with_capacity(2 * CHUNK),
            given: 0,
        }
    }

    /// Replaces them in a whole text.
    pub(super) fn replace_in(&self, text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        disarm(&mut text);
        let mut replaced = Vec::with_capacity(text.len());
        self.replace_into(&text, true, &mut replaced);
        replaced
    }

    /// The text as it is in the file.
    pub(super) fn restore<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(mut at) = memchr2(FIELD, RECORD, text) else { return Cow::Borrowed(text) };
        let mut whole = Vec::with_capacity(text.len() + 64);
        let mut rest = text;
        loop {
            let (before, from) = rest.split_at_checked(at).unwrap_or_default();
            whole.extend_from_slice(before);
            let Some((marker, after)) = from.split_first() else { break };
            whole.extend_from_slice(self.text_of(*marker));
            rest = after;
            at = memchr2(FIELD, RECORD, rest).unwrap_or(rest.len());
        }
        Cow::Owned(whole)
    }

    /// The bytes in the file of a text in which they are replaced.
    pub(super) fn file_bytes(&self, encoding: Encoding, text: &[u8]) -> u64 {
        let mut bytes = encoding.file_bytes(text);
        for marker in [FIELD, RECORD] {
            let count = text.iter().filter(|byte| **byte == marker).count() as u64;
            let own = encoding.file_bytes(&[marker]);
            bytes += count * encoding.file_bytes(self.text_of(marker)).saturating_sub(own);
        }
        bytes
    }

    /// The row terminator; empty if it is any line end.
    pub(super) fn terminator(&self) -> &[u8] {
        &self.terminator
    }

    fn text_of(&self, marker: u8) -> &[u8] {
        if marker == FIELD { &self.delimiter } else { &self.terminator }
    }

    /// Replaces them in a text without markers, and returns how much of it is done: what may
    /// be the beginning of a separator waits for more, unless this is the end.
    fn replace_into(&self, text: &[u8], at_end: bool, into: &mut Vec<u8>) -> usize {
        let is =
            |separator: &[u8], text: &[u8]| !separator.is_empty() && text.starts_with(separator);
        let begins = |separator: &[u8], text: &[u8]| {
            text.len() < separator.len() && separator.starts_with(text)
        };
        let first = |separator: &[u8]| separator.first().copied();
        let mut rest = text;
        loop {
            let next = match (first(&self.delimiter), first(&self.terminator)) {
                (Some(one), Some(other)) => memchr2(one, other, rest),
                (Some(one), None) | (None, Some(one)) => memchr(one, rest),
                (None, None) => None,
            };
            let Some(at) = next else {
                into.extend_from_slice(rest);
                return text.len();
            };
            let (before, from) = rest.split_at_checked(at).unwrap_or_default();
            into.extend_from_slice(before);
            if !at_end && (begins(&self.delimiter, from) || begins(&self.terminator, from)) {
                return text.len() - from.len();
            }
            let (byte, length) = if is(&self.delimiter, from) {
                (FIELD, self.delimiter.len())
            } else if is(&self.terminator, from) {
                (RECORD, self.terminator.len())
            } else {
                (from.first().copied().unwrap_or_default(), 1)
            };
            into.push(byte);
            rest = from.get(length..).unwrap_or_default();
        }
    }
}

/// Whether the parser can be told a delimiter as it is.
pub(super) fn is_single(delimiter: &str) -> bool {
    delimiter.len() == 1
}

/// A byte that would be taken for a separator is not valid UTF-8 either way: its record is
/// rejected as one with an invalid byte.
fn disarm(text: &mut [u8]) {
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| memchr2(FIELD, RECORD, rest)) {
        at += next;
        if let Some(byte) = text.get_mut(at) {
            *byte = MALFORMED;
        }
    }
}

/// A stream with its separators replaced.
pub(super) struct Replaced<R> {
    separators: Separators,
    input: R,
    pending: Vec<u8>,
    at_end: bool,
    text: Vec<u8>,
    /// How much of the text was given.
    given: usize,
}

impl<R: Read> Read for Replaced<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.at_end {
            let held = self.pending.len();
            self.pending.resize(held + CHUNK, 0);
            let read = match self.input.read(self.pending.get_mut(held..).unwrap_or_default()) {
                Ok(read) => read,
                Err(error) => {
                    self.pending.truncate(held);
                    return Err(error);
                }
            };
            self.pending.truncate(held + read);
            disarm(self.pending.get_mut(held..).unwrap_or_default());
            self.at_end = read == 0;
            self.text.clear();
            self.given = 0;
            let done = self.separators.replace_into(&self.pending, self.at_end, &mut self.text);
            self.pending.drain(..done);
        }
        let length = self.text.get(self.given..).unwrap_or_default().read(into)?;
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = into.len().min(1);
            self.0.read(&mut into[..length])
        }
    }

    #[test]
    fn separators_are_replaced_and_come_back_whatever_the_pieces() {
        let separators = Separators::of("+|", Some("&|")).unwrap();
        for text in ["1+|a+b|c&d+|&|2+|+|&|3", "", "+", "1+", "&|&|", "++|&&|", "é+|ß&|\r\n"] {
            let whole = separators.replace_in(text.as_bytes());
            let mut dripped = Vec::new();
            let mut stream = separators.clone().replace(Dripping(text.as_bytes()));
            stream.read_to_end(&mut dripped).unwrap();
            assert_eq!(dripped, whole, "{text}");
            assert_eq!(&*separators.restore(&whole), text.as_bytes(), "{text}");
            let bytes = separators.file_bytes(Encoding::Utf8, &whole);
            assert_eq!(bytes, text.len() as u64, "{text}");
            let units = 2 * text.encode_utf16().count() as u64;
            assert_eq!(separators.file_bytes(Encoding::Utf16Le, &whole), units, "{text}");
        }
        assert_eq!(separators.replace_in(b"1+|2&|"), [b'1', FIELD, b'2', RECORD]);
    }

    #[test]
    fn bytes_like_the_markers_do_not_separate() {
        let separators = Separators::of("||", None).unwrap();
        let replaced = separators.replace_in(&[b'a', FIELD, b'b', b'|', b'|', RECORD]);
        assert_eq!(replaced, [b'a', MALFORMED, b'b', FIELD, MALFORMED]);
    }

    #[test]
    fn single_bytes_are_left_to_the_parser() {
        assert_eq!(Separators::of(";", None), None);
        assert!(Separators::of("¦", None).is_some(), "two bytes in UTF-8");
        assert!(Separators::of("\t", Some("\r\n")).is_some());
    }
}
