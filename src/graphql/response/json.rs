//! Values of rows as JSON.

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, SecondsFormat, Timelike as _, Utc,
};
use uuid::Uuid;

use crate::catalog::Enumeration;
use crate::catalog::{Column, Kind};
use crate::error::{Error, Result};
use crate::graphql::schema::model::OutputType;
use crate::query::Row;

/// A text without characters to escape: names, numbers, ids.
pub(crate) fn plain(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// A whole number.
pub(crate) fn integer(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// True or false.
pub(crate) fn boolean(out: &mut Vec<u8>, is: bool) {
    out.extend_from_slice(if is { b"true" } else { b"false" });
}

/// The value of a column of a row.
pub(crate) fn column(out: &mut Vec<u8>, row: &Row, index: usize, column: &Column) -> Result<()> {
    let written = match column.kind {
        Kind::Boolean => row.get::<bool>(index)?.map(|is| boolean(out, is)),
        Kind::Small => row.get::<i16>(index)?.map(|number| integer(out, number)),
        Kind::Int => row.get::<i32>(index)?.map(|number| integer(out, number)),
        Kind::Long => row.get::<i64>(index)?.map(|number| integer(out, number)),
        Kind::Text => row.text(index)?.map(|value| text(out, value)).transpose()?,
        Kind::Decimal => row.text(index)?.map(|digits| plain(out, digits)),
        Kind::Json => row.text(index)?.map(|value| out.extend_from_slice(value.as_bytes())),
        Kind::Bytes => row
            .get::<&[u8]>(index)?
            .map(|bytes| text(out, &String::from_utf8_lossy(bytes)))
            .transpose()?,
        Kind::Uuid => row.get::<Uuid>(index)?.map(|id| {
            plain(out, id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        }),
        Kind::Date => row.get::<NaiveDate>(index)?.map(|date| day(out, date)),
        Kind::LocalDateTime => row.get::<NaiveDateTime>(index)?.map(|time| local(out, time)),
        Kind::DateTime => row
            .get::<DateTime<Utc>>(index)?
            .map(|time| plain(out, &time.to_rfc3339_opts(SecondsFormat::AutoSi, true))),
        Kind::IntList => row.get::<Vec<i32>>(index)?.map(|list| integers(out, &list)),
    };
    match written {
        Some(()) => Ok(()),
        None if column.nullable => {
            out.extend_from_slice(b"null");
            Ok(())
        }
        None => Err(missing(column)),
    }
}

/// The name of the code in a column of a row.
pub(crate) fn code(
    out: &mut Vec<u8>,
    row: &Row,
    index: usize,
    column: &Column,
    codes: &Enumeration,
) -> Result<()> {
    let found = match column.kind {
        Kind::Small => {
            row.get::<i16>(index)?.map(|number| codes.value(itoa::Buffer::new().format(number)))
        }
        _ => row.text(index)?.map(|text| codes.value(text)),
    };
    match found {
        Some(Some(value)) => plain(out, value.name),
        Some(None) => {
            return Err(Error::internal("an unknown code").with_source(column.name));
        }
        None if column.nullable => out.extend_from_slice(b"null"),
        None => return Err(missing(column)),
    }
    Ok(())
}

/// A measure, which Postgres sends as text.
pub(crate) fn measure(
    out: &mut Vec<u8>,
    row: &Row,
    index: usize,
    output: OutputType,
    nullable: bool,
) -> Result<()> {
    match (row.text(index)?, output) {
        (Some(digits), OutputType::Decimal) => plain(out, digits),
        (Some(digits), OutputType::Int | OutputType::Long) => {
            out.extend_from_slice(digits.as_bytes());
        }
        (None, _) if nullable => out.extend_from_slice(b"null"),
        (None, _) => return Err(Error::internal("a measure is missing")),
    }
    Ok(())
}

fn missing(column: &Column) -> Error {
    Error::internal("a value is missing").with_source(column.name)
}

/// A text, with what must be escaped in it.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) -> Result<()> {
    serde_json::to_writer(out, text)
        .map_err(|error| Error::internal("a text cannot be written").with_source(error))
}

fn integers(out: &mut Vec<u8>, list: &[i32]) {
    out.push(b'[');
    for (index, number) in list.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        integer(out, *number);
    }
    out.push(b']');
}

/// A date.
fn day(out: &mut Vec<u8>, date: NaiveDate) {
    let year = date.year();
    if !(0..=9999).contains(&year) {
        return plain(out, &date.to_string());
    }
    out.push(b'"');
    padded(out, year.unsigned_abs(), 4);
    for part in [date.month(), date.day()] {
        out.push(b'-');
        padded(out, part, 2);
    }
    out.push(b'"');
}

/// A time without zone, with the fraction of its second if there is one. By hand, because
/// chrono's formatting by a pattern is about ten times slower.
fn local(out: &mut Vec<u8>, time: NaiveDateTime) {
    let year = time.year();
    if !(0..=9999).contains(&year) {
        return plain(out, &time.format("%Y-%m-%dT%H:%M:%S%.f").to_string());
    }
    out.push(b'"');
    padded(out, year.unsigned_abs(), 4);
    for (separator, part) in [
        (b'-', time.month()),
        (b'-', time.day()),
        (b'T', time.hour()),
        (b':', time.minute()),
        (b':', time.second()),
    ] {
        out.push(separator);
        padded(out, part, 2);
    }
    let micros = time.nanosecond() / 1_000;
    if micros > 0 {
        out.push(b'.');
        if micros.is_multiple_of(1_000) {
            padded(out, micros / 1_000, 3);
        } else {
            padded(out, micros, 6);
        }
    }
    out.push(b'"');
}

fn padded(out: &mut Vec<u8>, number: u32, width: usize) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(number);
    out.extend(std::iter::repeat_n(b'0', width.saturating_sub(digits.len())));
    out.extend_from_slice(digits.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(time: NaiveDateTime) -> String {
        let mut out = Vec::new();
        local(&mut out, time);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn local_times_show_fractions_only_when_there_are_some() {
        let day = |year| chrono::NaiveDate::from_ymd_opt(year, 9, 2).unwrap();
        assert_eq!(shown(day(2014).and_hms_opt(0, 0, 0).unwrap()), "\"2014-09-02T00:00:00\"");
        assert_eq!(
            shown(day(14).and_hms_milli_opt(11, 5, 7, 63).unwrap()),
            "\"0014-09-02T11:05:07.063\""
        );
        assert_eq!(
            shown(day(2014).and_hms_micro_opt(11, 5, 7, 63).unwrap()),
            "\"2014-09-02T11:05:07.000063\""
        );
        assert_eq!(shown(day(12_014).and_hms_opt(1, 2, 3).unwrap()), "\"+12014-09-02T01:02:03\"");
    }

    #[test]
    fn dates_are_written_in_full() {
        let shown = |year| {
            let mut out = Vec::new();
            day(&mut out, NaiveDate::from_ymd_opt(year, 5, 1).unwrap());
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(2011), "\"2011-05-01\"");
        assert_eq!(shown(11), "\"0011-05-01\"");
        assert_eq!(shown(12_011), "\"+12011-05-01\"");
    }

    #[test]
    fn numbers_and_lists_are_json() {
        let mut out = Vec::new();
        integers(&mut out, &[-1, 0, 7]);
        boolean(&mut out, false);
        assert_eq!(out, b"[-1,0,7]false");
    }
}
