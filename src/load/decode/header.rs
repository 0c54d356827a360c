//! The lines of a file before its first record.

use super::quoting::{Quoting, Syntax, quoting};
use super::shape::Line;
use crate::error::{Code, Error, Result};

pub(super) const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// A first line `sep=;` is for spreadsheets: it tells the delimiter and is no header. Returns
/// the delimiter, and the length of the line.
pub(super) fn told_delimiter(head: &[u8]) -> Result<(Option<u8>, usize)> {
    let line = first_line(head);
    let text = line.trim_ascii_end();
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let delimiter = match (text.get(..4), text.get(4..)) {
        (Some(sep), Some(rest)) if sep.eq_ignore_ascii_case(b"sep=") => rest,
        _ => return Ok((None, 0)),
    };
    // The tab was taken for a blank at the end of the line.
    let delimiter =
        if delimiter.is_empty() { line.get(4..5).unwrap_or_default() } else { delimiter };
    match delimiter {
        [delimiter] if DELIMITERS.contains(delimiter) => {
            let end = match head.get(line.len()..) {
                Some([b'\r', b'\n', ..]) => 2,
                _ => 1,
            };
            Ok((Some(*delimiter), (line.len() + end).min(head.len())))
        }
        other => Err(file_error(format!(
            "the first line tells the delimiter {:?}; expected ; , | or a tab",
            String::from_utf8_lossy(other)
        ))),
    }
}

/// Lines of a header. More are no header, but a stray quote.
const HEADER_LINES: usize = 64;

/// The first record, if it has line ends in quotes.
pub(super) fn quoted_lines(head: &[u8], syntax: Syntax) -> Option<&[u8]> {
    let first = first_line(head).len();
    let mut length = first;
    for _ in 0..HEADER_LINES {
        let record = head.get(..length)?;
        if quoting(record, syntax) != Quoting::Open {
            return (length > first).then_some(record);
        }
        let rest = head.get(length..)?;
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        length += ends + first_line(rest.get(ends..)?).len();
    }
    None
}

pub(super) fn line_count(text: &[u8]) -> u64 {
    let ends = text.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => text.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    ends.count() as u64
}

pub(super) fn first_line(head: &[u8]) -> &[u8] {
    head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default()
}

/// The cells of a header, unquoted and trimmed, also where a blank stands before a quote.
pub(super) fn cells(record: &[u8], syntax: Syntax) -> Vec<String> {
    let cell = |field: &[u8]| {
        let text = String::from_utf8_lossy(field);
        let text = text.trim();
        let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        inner.map_or_else(|| text.to_owned(), |inner| inner.replace("\"\"", "\"").trim().to_owned())
    };
    Line::split(record, syntax).iter().map(cell).collect()
}

pub(super) fn file_error(message: impl Into<String>) -> Error {
    Error::new(Code::BadUserInput, message)
}
