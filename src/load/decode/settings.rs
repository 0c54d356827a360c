//! How the records of a file are read.

use std::sync::Arc;

use super::encoding::Encoding;
use super::ends::{RecordEnd, line_ends};
use super::quoting::Syntax;
use super::separators::Separators;

/// How to read the records of a file.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) syntax: Syntax,
    pub(super) fields: usize,
    pub(super) max_bytes: usize,
    pub(super) encoding: Encoding,
    /// The separators that are replaced in the text.
    pub(super) separators: Option<Arc<Separators>>,
}

impl Settings {
    pub(super) fn end(&self) -> RecordEnd {
        match &self.separators {
            Some(separators) if !separators.terminator().is_empty() => RecordEnd::Marker,
            _ => RecordEnd::Line,
        }
    }

    /// The lines that a record's end ends.
    pub(super) fn lines_of_end(&self) -> u64 {
        match (self.end(), &self.separators) {
            (RecordEnd::Marker, Some(separators)) => line_ends(separators.terminator()),
            _ => 1,
        }
    }

    /// The length of decoded text in the file.
    pub(super) fn file_bytes(&self, text: &[u8]) -> u64 {
        match &self.separators {
            Some(separators) => separators.file_bytes(self.encoding, text),
            None => self.encoding.file_bytes(text),
        }
    }
}
