//! The cells of a row, as they are written.

use std::borrow::Cow;

use crate::db::numeric::Numeric;

/// A value of a row, borrowed from it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A decimal number.
    Decimal(Numeric<'a>),
    /// A text.
    Text(Cow<'a, str>),
    /// A JSON value.
    Json(&'a str),
    /// The bytes of a UUID.
    Uuid([u8; 16]),
    /// Days since 2000-01-01.
    Date(i32),
    /// Microseconds since 2000-01-01 00:00:00, without zone.
    LocalDateTime(i64),
    /// The same in UTC.
    DateTime(i64),
    /// Whole numbers.
    Ints(Vec<i32>),
}
