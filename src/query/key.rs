//! Keys: the values that identify a row.

use chrono::NaiveDate;
use uuid::Uuid;

/// One part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyPart {
    /// Of an integer column of any width.
    Int(i64),
    /// Of a `uuid` column.
    Uuid(Uuid),
    /// Of a `date` column.
    Date(NaiveDate),
}

/// A key: one part for each of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Vec<KeyPart>);

impl Key {
    /// A key of several parts.
    #[must_use]
    pub const fn new(parts: Vec<KeyPart>) -> Self {
        Self(parts)
    }

    /// Its parts, in the order of the key's columns.
    #[must_use]
    pub fn parts(&self) -> &[KeyPart] {
        &self.0
    }
}

impl<const N: usize> From<[i32; N]> for Key {
    fn from(parts: [i32; N]) -> Self {
        Self(parts.iter().map(|part| KeyPart::Int(i64::from(*part))).collect())
    }
}

impl From<Uuid> for Key {
    fn from(part: Uuid) -> Self {
        Self(vec![KeyPart::Uuid(part)])
    }
}

impl KeyPart {
    /// As text: digits, the UUID's usual form, or the date's.
    #[must_use]
    pub fn to_text(self) -> String {
        match self {
            Self::Int(number) => number.to_string(),
            Self::Uuid(id) => id.to_string(),
            Self::Date(date) => date.to_string(),
        }
    }

    /// Whether a column of this kind may be part of a key.
    #[must_use]
    pub const fn is_of(kind: crate::catalog::Kind) -> bool {
        use crate::catalog::Kind;
        matches!(kind, Kind::Small | Kind::Int | Kind::Long | Kind::Uuid | Kind::Date)
    }

    /// The value of `text` for a column of this kind; `None` if it is none.
    #[must_use]
    pub fn from_text(text: &str, kind: crate::catalog::Kind) -> Option<Self> {
        use crate::catalog::Kind;
        match kind {
            Kind::Small => text.parse::<i16>().ok().map(|n| Self::Int(i64::from(n))),
            Kind::Int => text.parse::<i32>().ok().map(|n| Self::Int(i64::from(n))),
            Kind::Long => text.parse::<i64>().ok().map(Self::Int),
            Kind::Uuid => Uuid::try_parse(text).ok().map(Self::Uuid),
            Kind::Date => date(text).map(Self::Date),
            _ => None,
        }
    }
}

/// The date that a text as `2011-05-31` stands for: year, month and day in full.
#[must_use]
pub fn date(text: &str) -> Option<NaiveDate> {
    let is_digit = |(index, byte): (usize, u8)| matches!(index, 4 | 7) || byte.is_ascii_digit();
    if text.len() != 10 || !text.bytes().enumerate().all(is_digit) {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}
