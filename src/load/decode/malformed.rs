//! What can be wrong with a record as a whole.

use crate::load::rejects::reason::{Fault, Reason};

/// Why a record is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// It has this many fields, the header another number.
    FieldCount(usize),
    UnbalancedQuote,
    /// A quote opens in it, and within it would be this line, a record of its own.
    Swallows(u64),
    /// A quoted field has a quote inside that is not doubled, or text after its end.
    StrayQuote,
    TooLong,
}

impl Malformed {
    /// The fault of a record that should have `fields` fields in at most `max_bytes` bytes.
    pub(super) fn fault(self, fields: usize, max_bytes: usize) -> Fault {
        let (reason, message) = match self {
            Self::UnbalancedQuote => {
                (Reason::UnbalancedQuote, "a quote opens here and is never closed".to_owned())
            }
            Self::Swallows(line) => (
                Reason::UnbalancedQuote,
                format!("a quote opens here, and line {line}, which it would take in, is a record"),
            ),
            Self::StrayQuote => (
                Reason::StrayQuote,
                "a quoted field has a quote inside that is not doubled, or text after its closing \
                 quote"
                    .to_owned(),
            ),
            Self::TooLong => (
                Reason::RecordTooLong,
                format!(
                    "the record is longer than {max_bytes} bytes; only its beginning is stored"
                ),
            ),
            Self::FieldCount(found) => {
                (Reason::FieldCount, format!("expected {fields} fields, found {found}"))
            }
        };
        Fault { column: None, reason, message }
    }
}
