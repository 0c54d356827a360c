//! Values that are compared with.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use uuid::Uuid;

use super::key::KeyPart;

/// A value that is bound.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of a `boolean` column.
    Boolean(bool),
    /// Of an integer column of any width; it may be wider than the column.
    Int(i64),
    /// Of a text column.
    Text(String),
    /// Of a `numeric` column: digits with an optional sign and point, checked.
    Decimal(String),
    /// Of a `uuid` column.
    Uuid(Uuid),
    /// Of a `date` column.
    Date(NaiveDate),
    /// Of a `timestamp` column.
    LocalDateTime(NaiveDateTime),
    /// Of a `timestamptz` column.
    DateTime(DateTime<Utc>),
}

impl From<KeyPart> for Value {
    fn from(part: KeyPart) -> Self {
        match part {
            KeyPart::Int(number) => Self::Int(number),
            KeyPart::Uuid(id) => Self::Uuid(id),
            KeyPart::Date(date) => Self::Date(date),
        }
    }
}
