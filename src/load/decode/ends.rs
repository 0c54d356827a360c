//! What ends a record: a line end, or a row terminator.

use super::separators::RECORD;

/// What ends a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordEnd {
    /// LF, CR or CRLF.
    Line,
    /// A terminator, which stands for itself as one byte. Lines end within a record as well
    /// as at its end.
    Marker,
}

impl RecordEnd {
    /// Length of the first record up to and including its end, or the CR of a CRLF.
    pub(super) fn length(self, bytes: &[u8]) -> Option<usize> {
        let is_end = |byte: &u8| match self {
            Self::Line => matches!(byte, b'\n' | b'\r'),
            Self::Marker => *byte == RECORD,
        };
        bytes.iter().position(is_end).map(|at| at + 1)
    }

    /// The record without its end.
    pub(super) fn trim(self, record: &[u8]) -> &[u8] {
        match self {
            Self::Line => {
                let record = record.strip_suffix(b"\n").unwrap_or(record);
                record.strip_suffix(b"\r").unwrap_or(record)
            }
            Self::Marker => record.strip_suffix(&[RECORD]).unwrap_or(record),
        }
    }

    /// The ends within a record.
    pub(super) fn within(self, record: &[u8]) -> u64 {
        match self {
            Self::Line => line_ends(record),
            Self::Marker => record.iter().filter(|byte| **byte == RECORD).count() as u64,
        }
    }
}

pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    let marks = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
    if marks == 0 {
        return 0;
    }
    (marks - bytes.windows(2).filter(|pair| pair == b"\r\n").count()) as u64
}
