//! Scalars as clients give them.

use async_graphql::Value;
use chrono::{DateTime, NaiveDateTime, NaiveTime, Timelike, Utc};
use uuid::Uuid;

use super::place::Place;
use crate::catalog::Enumeration;
use crate::catalog::Kind;
use crate::error::Result;
use crate::query::{Value as Bound, date};

/// Most digits of a decimal number.
const DIGITS: usize = 1_000;
/// Most bytes of a text.
pub(super) const TEXT: usize = 10_000;
/// Bytes of a time with nanoseconds and an offset, the longest there is.
const TIME: usize = "2011-05-31T00:00:00.000000000+00:00".len();

/// A value to compare a column of this kind with.
///
/// # Errors
/// When it is no such value; the message shows one.
pub(super) fn value(kind: Kind, value: &Value, place: &Place<'_>) -> Result<Bound> {
    let given = place.present(value)?;
    let (read, expected) = match kind {
        Kind::Text | Kind::Bytes | Kind::Json => return text(given, place).map(Bound::Text),
        Kind::Boolean => (boolean(given).map(Bound::Boolean), "true or false"),
        Kind::Small | Kind::Int | Kind::IntList => (
            integer(given).filter(|number| i32::try_from(*number).is_ok()).map(Bound::Int),
            "an Int, a whole number of up to 32 bits",
        ),
        Kind::Long => (integer(given).map(Bound::Int), "a Long, a whole number of up to 64 bits"),
        Kind::Decimal => (
            decimal(given).map(Bound::Decimal),
            "a Decimal such as \"23.10\", of up to 1000 digits and no exponent, or a whole number",
        ),
        Kind::Uuid => (
            string(given).and_then(uuid).map(Bound::Uuid),
            "a UUID such as \"b207c96d-d9e6-402b-8470-2cc176c42283\"",
        ),
        Kind::Date => {
            (string(given).and_then(date).map(Bound::Date), "a Date such as \"2011-05-31\"")
        }
        Kind::LocalDateTime => (
            string(given).and_then(local_date_time).map(Bound::LocalDateTime),
            "a LocalDateTime such as \"2011-05-31T00:00:00\", without time zone and to the \
             microsecond at most, or a date such as \"2011-05-31\"",
        ),
        Kind::DateTime => (
            string(given).and_then(date_time).map(Bound::DateTime),
            "a DateTime with its offset such as \"2026-11-20T10:21:00Z\", to the microsecond at most",
        ),
    };
    read.ok_or_else(|| place.refuse(format_args!("expected {expected}")))
}

/// The code of a value of an enumeration, given by its name.
///
/// # Errors
/// When it has no such value; the message tells those it has.
pub(super) fn code(
    codes: &Enumeration,
    kind: Kind,
    value: &Value,
    place: &Place<'_>,
) -> Result<Bound> {
    let given = name(place.present(value)?);
    let found = given.and_then(|name| codes.values.iter().find(|value| value.name == name));
    let bound = found.and_then(|found| match kind {
        Kind::Text => Some(Bound::Text(found.code.to_owned())),
        _ => found.code.parse().ok().map(Bound::Int),
    });
    bound.ok_or_else(|| {
        let names: Vec<&str> = codes.values.iter().map(|value| value.name).collect();
        place.refuse(format_args!("expected one of {}", names.join(", ")))
    })
}

/// A text.
///
/// # Errors
/// When it is none, too long, or Postgres cannot hold it.
pub(super) fn text(value: &Value, place: &Place<'_>) -> Result<String> {
    match string(place.present(value)?) {
        None => Err(place.refuse("expected a String")),
        Some(text) if text.len() > TEXT => Err(place
            .refuse(format_args!("{} bytes are more than the {TEXT} a text may have", text.len()))),
        Some(text) if text.contains('\0') => {
            Err(place.refuse("the character U+0000 is in no text"))
        }
        Some(text) => Ok(text.to_owned()),
    }
}

/// The name of a value of an enumeration; variables hold it as a string.
pub(super) fn name(value: &Value) -> Option<&str> {
    match value {
        Value::Enum(name) => Some(name),
        other => string(other),
    }
}

/// A truth value.
pub(super) const fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(is) => Some(*is),
        _ => None,
    }
}

/// A text of any length.
pub(super) fn string(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// A whole number, also one that JSON tells as `3.0`.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64()?.to_string().parse().ok())
        }
        _ => None,
    }
}

/// Only digits with a sign and a point: nothing that Postgres reads otherwise, such
/// as `NaN` or an exponent.
fn decimal(value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) if !number.is_f64() => number.to_string(),
        other => string(other)?.to_owned(),
    };
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let fits = unsigned.len() <= DIGITS + usize::from(unsigned.contains('.'));
    (is_number(whole) && is_number(fraction) && fits).then_some(text)
}

/// The form with hyphens, and no other that the library knows.
fn uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH)
}

/// Years have four digits: Postgres knows them all. No second 60, and at most nine decimals, as
/// in files.
fn local_date_time(text: &str) -> Option<NaiveDateTime> {
    let time = match (date(text), text.split_once('T')) {
        (Some(date), _) => date.and_time(NaiveTime::MIN),
        (None, Some((day, time))) if text.len() <= TIME => {
            date(day)?.and_time(NaiveTime::parse_from_str(time, "%H:%M:%S%.f").ok()?)
        }
        _ => return None,
    };
    (is_exact(&time) && has_few_decimals(text)).then_some(time)
}

fn date_time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok().filter(|_| text.len() <= TIME)?;
    (is_exact(&time) && has_few_decimals(text)).then(|| time.to_utc())
}

/// The library passes over more than it can hold.
fn has_few_decimals(text: &str) -> bool {
    let decimals = text.rsplit_once('.').map_or("", |(_, decimals)| decimals);
    decimals.bytes().take_while(u8::is_ascii_digit).count() <= 9
}

/// Postgres keeps microseconds: anything finer would be compared as something else, as would a
/// leap second.
fn is_exact(time: &impl Timelike) -> bool {
    time.nanosecond() < 1_000_000_000 && time.nanosecond().is_multiple_of(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_what_a_file_may_hold() {
        for time in ["2011-05-31", "2011-05-31T10:01:59.123456", "2011-05-31T10:01:00.123456000"] {
            assert!(local_date_time(time).is_some(), "{time}");
        }
        for time in [
            "2011-05-31T10:01:60",
            "2011-05-31T23:59:60.5",
            "2011-05-31T10:01:00.1234567",
            "2011-05-31T10:01:00.0000000001",
            "2011-05-31T10:01:00.1000000000",
        ] {
            assert_eq!(local_date_time(time), None, "{time}");
            assert_eq!(date_time(&format!("{time}Z")), None, "{time}Z");
        }
        assert!(date_time("2011-05-31T10:01:59.123456+02:00").is_some());
        assert_eq!(date_time("2016-12-31T23:59:60Z"), None);
    }
}
