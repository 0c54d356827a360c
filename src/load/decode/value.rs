//! Converts the text of a field to a typed value, or to a fault.

use chrono::NaiveDate;

use super::number::{self, DecimalMark, Marks, Unread, sign};
use crate::dataset::{Column, DecimalRange, Kind};
use crate::db::copy::{CopyWriter, EPOCH_DAYS_FROM_UNIX};
use crate::load::rejects::reason::{Fault, Reason};

/// A converted field. Text is not copied; the value is its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    SmallInt(i16),
    Integer(i32),
    Boolean(bool),
    /// At the scale of the column.
    Decimal(i128),
    /// Microseconds since 2000-01-01.
    Timestamp(i64),
    Uuid([u8; 16]),
    /// This many bytes at the beginning of the field.
    Text(usize),
}

/// Characters of an invalid value that a message quotes.
const QUOTED: usize = 60;

/// Converts the text of one field. `NULL` and an empty field mean null; blanks around what
/// is not text are taken off. A decimal may tell the mark of its column.
pub(super) fn convert(column: &Column, text: &[u8], marks: &mut Marks) -> Result<Value, Fault> {
    let text = match column.kind {
        Kind::Text { .. } | Kind::Padded { .. } | Kind::Code(_) => text,
        _ => text.trim_ascii(),
    };
    if text.is_empty() || text == b"NULL" {
        return if column.required {
            Err(fault(column, Reason::MissingValue, "a value is required, found none".to_owned()))
        } else {
            Ok(Value::Null)
        };
    }
    let invalid = |reason, expected: &str| mismatch(column, reason, expected, text);
    match column.kind {
        Kind::SmallInt { min, max } => integer(column, text, min.into(), max.into())
            .map(|value| Value::SmallInt(i16::try_from(value).unwrap_or_default())),
        Kind::Integer { min, max } => integer(column, text, min.into(), max.into())
            .map(|value| Value::Integer(i32::try_from(value).unwrap_or_default())),
        Kind::Decimal { precision, scale, range } => {
            decimal(column, text, precision, scale, range, marks)
        }
        Kind::Text { .. } | Kind::Padded { .. } => self::text(column, text),
        Kind::Code(codes) => {
            let length = unpadded(text);
            let known = codes.iter().any(|code| text.get(..length) == Some(code.as_bytes()));
            known.then_some(Value::Text(length)).ok_or_else(|| {
                invalid(Reason::UnknownCode, &format!("one of {}", codes.join(", ")))
            })
        }
        Kind::Boolean => boolean(text).ok_or_else(|| invalid(Reason::InvalidBoolean, "0 or 1")),
        Kind::Timestamp => timestamp(text).map(Value::Timestamp).ok_or_else(|| {
            invalid(Reason::InvalidTimestamp, "a time like 2011-05-31 00:00:00.000")
        }),
        Kind::Uuid => uuid(text).ok_or_else(|| invalid(Reason::InvalidUuid, "a GUID")),
    }
}

/// Converts the text of a text column, also if it is `NULL`.
pub(super) fn text(column: &Column, text: &[u8]) -> Result<Value, Fault> {
    match column.kind {
        Kind::Padded { max } => limited(column, text, unpadded(text), max),
        Kind::Text { max } => limited(column, text, text.len(), max),
        _ => Ok(Value::Text(text.len())),
    }
}

/// Appends the value to a COPY row.
pub(super) fn write(copy: &mut CopyWriter, kind: Kind, value: Value, text: &[u8]) {
    match value {
        Value::Null => copy.null(),
        Value::SmallInt(value) => copy.int2(value),
        Value::Integer(value) => copy.int4(value),
        Value::Boolean(value) => copy.boolean(value),
        Value::Decimal(value) => {
            let scale = if let Kind::Decimal { scale, .. } = kind { scale } else { 0 };
            copy.numeric(value, scale);
        }
        Value::Timestamp(value) => copy.int8(value),
        Value::Uuid(value) => copy.uuid(value),
        Value::Text(length) => copy.bytes(text.get(..length).unwrap_or(text)),
    }
}

pub(super) fn fault(column: &Column, reason: Reason, message: String) -> Fault {
    Fault { column: Some(column.source), reason, message }
}

pub(super) fn mismatch(column: &Column, reason: Reason, expected: &str, text: &[u8]) -> Fault {
    fault(column, reason, format!("expected {expected}, found {}", quoted(text)))
}

fn quoted(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut short: String = text.chars().take(QUOTED).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

fn unpadded(text: &[u8]) -> usize {
    text.trim_ascii_end().len()
}

fn limited(column: &Column, text: &[u8], length: usize, max: usize) -> Result<Value, Fault> {
    let kept = text.get(..length).unwrap_or(text);
    // A character has at least one byte: only longer texts need to be counted.
    if length > max {
        let characters = String::from_utf8_lossy(kept).chars().count();
        if characters > max {
            let message = format!("at most {max} characters, found {characters}: {}", quoted(text));
            return Err(fault(column, Reason::TooLong, message));
        }
    }
    Ok(Value::Text(length))
}

fn boolean(text: &[u8]) -> Option<Value> {
    match text {
        b"0" => Some(Value::Boolean(false)),
        b"1" => Some(Value::Boolean(true)),
        _ if text.eq_ignore_ascii_case(b"false") => Some(Value::Boolean(false)),
        _ if text.eq_ignore_ascii_case(b"true") => Some(Value::Boolean(true)),
        _ => None,
    }
}

fn integer(column: &Column, text: &[u8], min: i64, max: i64) -> Result<i64, Fault> {
    let (negative, digits) = sign(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(mismatch(column, Reason::InvalidInteger, "an integer", text));
    }
    let value = digits
        .iter()
        .try_fold(0_i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
    let value = value.map(|value| if negative { -value } else { value });
    value
        .filter(|value| (min..=max).contains(value))
        .ok_or_else(|| mismatch(column, Reason::OutOfRange, &format!("{min} to {max}"), text))
}

fn decimal(
    column: &Column,
    text: &[u8],
    precision: u8,
    scale: u8,
    range: DecimalRange,
    marks: &mut Marks,
) -> Result<Value, Fault> {
    let beyond = |range: &str| mismatch(column, Reason::OutOfRange, range, text);
    let digits_bound = || beyond(&format!("at most {precision} digits, {scale} of them decimals"));
    let digits = number::read(text, *marks).map_err(|why| match why {
        Unread::Invalid => {
            let expected = "a number like 2024,994 or 2024.994";
            mismatch(column, Reason::InvalidDecimal, expected, text)
        }
        Unread::Ambiguous => mismatch(column, Reason::AmbiguousDecimal, &expected(*marks), text),
    })?;
    let fraction = digits.fraction;
    let kept = fraction.get(..usize::from(scale)).unwrap_or(fraction);
    let cut = fraction.get(kept.len()..).unwrap_or_default();
    if cut.iter().any(|digit| *digit != b'0') {
        let expected = format!("at most {scale} decimals");
        return Err(mismatch(column, Reason::TooManyDecimals, &expected, text));
    }
    let mut mantissa = 0_i128;
    for digit in digits.whole.digits().iter().chain(kept) {
        mantissa = mantissa
            .checked_mul(10)
            .and_then(|value| value.checked_add(i128::from(digit - b'0')))
            .ok_or_else(digits_bound)?;
    }
    let missing = u32::from(scale) - u32::try_from(kept.len()).unwrap_or_default();
    mantissa = mantissa.checked_mul(10_i128.pow(missing)).ok_or_else(digits_bound)?;
    if mantissa >= 10_i128.pow(u32::from(precision)) {
        return Err(digits_bound());
    }
    let value = if digits.negative { -mantissa } else { mantissa };
    match range {
        DecimalRange::NotNegative if value < 0 => return Err(beyond("0 or more")),
        DecimalRange::Positive if value <= 0 => return Err(beyond("more than 0")),
        DecimalRange::Fraction if !(0..=10_i128.pow(u32::from(scale))).contains(&value) => {
            return Err(beyond("0 to 1"));
        }
        _ => {}
    }
    marks.column = marks.column.or(digits.tells);
    Ok(Value::Decimal(value))
}

fn expected(marks: Marks) -> String {
    match marks.column {
        Some(DecimalMark::Comma) => {
            "a decimal comma, as the column's other values have in this file".to_owned()
        }
        Some(DecimalMark::Dot) => {
            "a decimal dot, as the column's other values have in this file".to_owned()
        }
        None => "a number that tells whether its mark is a decimal one".to_owned(),
    }
}

/// `2011-05-31`, `2011-05-31 10:01`, `2011-05-31T10:01:36.827`, at most nine decimals.
fn timestamp(text: &[u8]) -> Option<i64> {
    let two = |at: usize| number(text.get(at..at + 2)?);
    let at = |at: usize, byte: u8| (text.get(at) == Some(&byte)).then_some(());
    at(4, b'-')?;
    at(7, b'-')?;
    let year = i32::try_from(number(text.get(..4)?)?).ok()?;
    // Postgres has no year 0.
    let date = NaiveDate::from_ymd_opt(year, two(5)?, two(8)?).filter(|_| year > 0)?;
    let days = i64::from(date.to_epoch_days()) - EPOCH_DAYS_FROM_UNIX;
    let mut micros = days * 86_400_000_000;
    if text.len() == 10 {
        return Some(micros);
    }
    matches!(text.get(10)?, b' ' | b'T').then_some(())?;
    at(13, b':')?;
    let (hour, minute) = (two(11)?, two(14)?);
    let mut second = 0;
    if text.len() > 16 {
        at(16, b':')?;
        second = two(17)?;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    micros += i64::from(hour * 3600 + minute * 60 + second) * 1_000_000;
    if text.len() > 19 {
        at(19, b'.')?;
        let decimals = text.get(20..).filter(|digits| (1..=9).contains(&digits.len()))?;
        number(decimals)?;
        let kept = decimals.get(..6).unwrap_or(decimals);
        let missing = 6 - u32::try_from(kept.len()).ok()?;
        micros += i64::from(number(kept)?) * 10_i64.pow(missing);
    }
    Some(micros)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0'))
    })
}

fn uuid(text: &[u8]) -> Option<Value> {
    uuid::Uuid::try_parse_ascii(text).ok().map(|uuid| Value::Uuid(uuid.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: Kind) -> Column {
        Column { source: "X", name: "x", kind, required: true }
    }

    fn read(column: &Column, text: &str) -> Result<Value, Fault> {
        convert(column, text.as_bytes(), &mut Marks::default())
    }

    fn reason(kind: Kind, text: &str) -> Reason {
        read(&column(kind), text).unwrap_err().reason
    }

    const MONEY: Kind = Kind::Decimal { precision: 8, scale: 4, range: DecimalRange::NotNegative };

    #[test]
    fn decimals_are_exact_with_comma_or_dot() {
        let money = |text: &str| read(&column(MONEY), text);
        assert_eq!(money("2024,994"), Ok(Value::Decimal(20_249_940)));
        assert_eq!(money("2024.994000"), Ok(Value::Decimal(20_249_940)));
        assert_eq!(money("0,00"), Ok(Value::Decimal(0)));
        assert_eq!(money("7"), Ok(Value::Decimal(70_000)));
        assert_eq!(reason(MONEY, "1,00001"), Reason::TooManyDecimals);
        assert_eq!(reason(MONEY, "10000"), Reason::OutOfRange);
        assert_eq!(reason(MONEY, "-0,01"), Reason::OutOfRange);
        for bad in ["1e3", ",", "-", "abc", "∞"] {
            assert_eq!(reason(MONEY, bad), Reason::InvalidDecimal, "{bad}");
        }
        assert_eq!(reason(MONEY, &"9".repeat(80)), Reason::OutOfRange);
    }

    #[test]
    fn a_column_keeps_the_mark_that_a_value_told() {
        let mut marks = Marks::default();
        let mut money = |text: &str| {
            let value = convert(&column(MONEY), text.as_bytes(), &mut marks);
            value.map_err(|fault| fault.reason)
        };
        assert_eq!(money("1,250"), Err(Reason::AmbiguousDecimal));
        assert_eq!(money("-9.5"), Err(Reason::OutOfRange));
        assert_eq!(money("9,5"), Ok(Value::Decimal(95_000)), "no bad value told a mark");
        assert_eq!(money("1,250"), Ok(Value::Decimal(12_500)));
        for other in ["1.250", "9.5", "1,250.5"] {
            assert_eq!(money(other), Err(Reason::AmbiguousDecimal), "{other}");
        }
        assert_eq!(money("1.250,5"), Ok(Value::Decimal(12_505_000)));
    }

    #[test]
    fn blanks_around_what_is_not_text_are_taken_off() {
        let int = Kind::Integer { min: 0, max: 9 };
        assert_eq!(read(&column(int), "  7 "), Ok(Value::Integer(7)));
        assert_eq!(read(&column(MONEY), " 2,50 "), Ok(Value::Decimal(25_000)));
        assert_eq!(read(&column(Kind::Timestamp), " 2000-01-01 "), Ok(Value::Timestamp(0)));
        assert_eq!(read(&column(Kind::Boolean), "1 "), Ok(Value::Boolean(true)));
        assert_eq!(reason(int, "   "), Reason::MissingValue);
        assert_eq!(read(&column(Kind::Text { max: 9 }), " a "), Ok(Value::Text(3)));
    }

    #[test]
    fn timestamps_accept_a_space_or_t_and_up_to_nine_decimals() {
        let at = |text: &str| read(&column(Kind::Timestamp), text);
        assert_eq!(at("2000-01-01"), Ok(Value::Timestamp(0)));
        assert_eq!(at("2000-01-01 00:00:01.5"), Ok(Value::Timestamp(1_500_000)));
        assert_eq!(at("1999-12-31T23:59:59.999999900"), Ok(Value::Timestamp(-1)));
        assert_eq!(at("2000-01-02 01:00"), Ok(Value::Timestamp(90_000_000_000)));
        for bad in [
            "2011-02-30", "0000-01-01", "2011-13-01", "31.05.2011", "2011-05-31 24:00:00",
            "2011-05-31 10:00:00.", "2011-05-31 10:00:00,5", "2011-05-31x10:00", "2011-05-3",
            "２０１１-05-31",
        ] {
            assert_eq!(reason(Kind::Timestamp, bad), Reason::InvalidTimestamp, "{bad}");
        }
    }

    #[test]
    fn integers_of_any_length_are_range_checked() {
        let kind = Kind::SmallInt { min: 1, max: 6 };
        assert_eq!(read(&column(kind), "5"), Ok(Value::SmallInt(5)));
        assert_eq!(reason(kind, "0"), Reason::OutOfRange);
        assert_eq!(reason(kind, &"9".repeat(40)), Reason::OutOfRange);
        assert_eq!(reason(kind, "5.0"), Reason::InvalidInteger);
        assert_eq!(reason(kind, "-"), Reason::InvalidInteger);
    }

    #[test]
    fn texts_count_characters_and_codes_lose_their_padding() {
        let kind = Kind::Text { max: 4 };
        assert_eq!(read(&column(kind), "éééé"), Ok(Value::Text(8)));
        assert_eq!(reason(kind, "ééééé"), Reason::TooLong);
        assert_eq!(read(&column(Kind::Code(&["R"])), "R "), Ok(Value::Text(1)));
        assert_eq!(reason(Kind::Code(&["R"]), "Q "), Reason::UnknownCode);
        assert_eq!(read(&column(Kind::Padded { max: 3 }), "G  "), Ok(Value::Text(1)));
    }

    #[test]
    fn null_and_empty_fields_are_null() {
        let nullable = Column { required: false, ..column(Kind::Boolean) };
        assert_eq!(read(&nullable, "NULL"), Ok(Value::Null));
        assert_eq!(read(&nullable, ""), Ok(Value::Null));
        assert_eq!(reason(Kind::Boolean, "NULL"), Reason::MissingValue);
        assert_eq!(reason(Kind::Boolean, "2"), Reason::InvalidBoolean);
        assert_eq!(reason(Kind::Uuid, "694215B7-08F7"), Reason::InvalidUuid);
    }
}
