//! The text of a JSON value as the text that a CSV file would have for it. Digits are taken from
//! the text as they are.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::catalog::Enumeration;
use crate::dataset::Kind;
use crate::load::rejects::reason::Reason;

/// Places that an exponent may move the decimal mark; no column has as many.
const MAX_EXPONENT: i32 = 100;
/// Characters of an invalid value that a message quotes.
const QUOTED: usize = 60;

/// What is wrong with a value.
pub(super) type Wrong = (Reason, String);

/// The text of a value for a column of this kind; `None` for null.
pub(super) fn text<'a>(
    value: &'a RawValue,
    kind: Kind,
    codes: Option<&'static Enumeration>,
) -> Result<Option<Cow<'a, [u8]>>, Wrong> {
    let json = value.get();
    if json == "null" {
        return Ok(None);
    }
    let text = if json.starts_with('"') { Some(unescaped(json)?) } else { None };
    let bare = || json.bytes().next().is_some_and(|byte| byte == b'-' || byte.is_ascii_digit());
    let wrong = |expected: &str| (Reason::WrongType, expected_found(expected, json));
    match kind {
        Kind::SmallInt { .. } | Kind::Integer { .. } | Kind::Decimal { .. } => {
            let is_whole = !matches!(kind, Kind::Decimal { .. });
            let digits = match &text {
                Some(name) => match codes.and_then(|codes| code(codes, name)) {
                    Some(code) => return Ok(Some(Cow::Borrowed(code.as_bytes()))),
                    None if codes.is_some() && !is_number(name) => {
                        return Err((Reason::UnknownCode, one_of(codes, json)));
                    }
                    None => name.clone(),
                },
                None if bare() => Cow::Borrowed(json),
                None => return Err(wrong(if is_whole { "an integer" } else { "a number" })),
            };
            // As in a CSV file.
            if digits.is_empty() {
                return Ok(None);
            }
            number(digits, is_whole).map(|digits| Some(into_bytes(digits)))
        }
        Kind::Boolean => match json {
            "true" | "false" => Ok(Some(Cow::Borrowed(json.as_bytes()))),
            _ => Err(wrong("true or false")),
        },
        Kind::Code(_) | Kind::Text { .. } | Kind::Padded { .. } => {
            let text = text.ok_or_else(|| wrong("a string"))?;
            let code = codes.and_then(|codes| self::code(codes, &text));
            Ok(Some(code.map_or_else(|| into_bytes(text), |code| Cow::Borrowed(code.as_bytes()))))
        }
        Kind::Timestamp | Kind::Uuid => {
            Ok(Some(into_bytes(text.ok_or_else(|| wrong("a string"))?)))
        }
    }
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

fn unescaped(json: &str) -> Result<Cow<'_, str>, Wrong> {
    let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(json);
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(json)
        .map(Cow::Owned)
        .map_err(|error| (Reason::InvalidEncoding, format!("the string cannot be stored: {error}")))
}

/// The code that has this name, or is this text.
fn code(codes: &'static Enumeration, name: &str) -> Option<&'static str> {
    codes.values.iter().find(|value| value.name == name || value.code == name).map(|it| it.code)
}

fn one_of(codes: Option<&'static Enumeration>, json: &str) -> String {
    let names = codes.iter().flat_map(|codes| &codes.values).map(|value| value.name);
    expected_found(&format!("one of {}", names.collect::<Vec<_>>().join(", ")), json)
}

fn expected_found(expected: &str, json: &str) -> String {
    let mut short: String = json.chars().take(QUOTED).collect();
    if short.len() < json.len() {
        short.push('…');
    }
    format!("expected {expected}, found {short}")
}

/// A JSON number: digits, then perhaps a dot and digits, then perhaps an exponent.
struct Parts<'a> {
    sign: &'a str,
    whole: &'a str,
    fraction: &'a str,
    exponent: &'a str,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let (sign, rest) = text.split_at(usize::from(text.starts_with('-')));
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = |text: &str| is_digits(text.strip_prefix(['-', '+']).unwrap_or(text));
    let is_number =
        is_digits(whole) && fraction.is_none_or(is_digits) && exponent.is_none_or(unsigned);
    let (fraction, exponent) = (fraction.unwrap_or_default(), exponent.unwrap_or_default());
    is_number.then_some(Parts { sign, whole, fraction, exponent })
}

fn is_number(text: &str) -> bool {
    parts(text).is_some()
}

/// The number without an exponent, and for an integer without decimals that are zero.
fn number(text: Cow<'_, str>, is_whole: bool) -> Result<Cow<'_, str>, Wrong> {
    let reason = if is_whole { Reason::InvalidInteger } else { Reason::InvalidDecimal };
    let Some(parts) = parts(&text) else {
        return Err((reason, expected_found("digits such as 2024.994", &text)));
    };
    let Parts { sign, whole, fraction, exponent } = parts;
    if exponent.is_empty() && !(is_whole && fraction.bytes().any(|_| true)) {
        return Ok(text);
    }
    let moved = if exponent.is_empty() { Some(0) } else { exponent.parse::<i32>().ok() };
    let Some(moved) = moved.filter(|moved| moved.abs() <= MAX_EXPONENT) else {
        let expected = format!("an exponent of at most {MAX_EXPONENT}");
        return Err((Reason::OutOfRange, expected_found(&expected, &text)));
    };
    let (mut digits, mut decimals) = (format!("{whole}{fraction}"), fraction.len());
    let places = usize::try_from(moved.unsigned_abs()).unwrap_or_default();
    if moved < 0 {
        decimals += places;
    } else if places > decimals {
        digits.push_str(&"0".repeat(places - decimals));
        decimals = 0;
    } else {
        decimals -= places;
    }
    if digits.len() <= decimals {
        digits.insert_str(0, &"0".repeat(decimals + 1 - digits.len()));
    }
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let is_exact = fraction.bytes().all(|digit| digit == b'0');
    Ok(Cow::Owned(match is_exact {
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{fraction}"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::DecimalRange;

    const MONEY: Kind = Kind::Decimal { precision: 19, scale: 4, range: DecimalRange::NotNegative };
    const INT: Kind = Kind::Integer { min: 0, max: i32::MAX };

    fn read(json: &str, kind: Kind) -> Result<Option<String>, Reason> {
        let value: &RawValue = serde_json::from_str(json).unwrap();
        let text = text(value, kind, None).map_err(|(reason, _)| reason)?;
        Ok(text.map(|text| String::from_utf8(text.into_owned()).unwrap()))
    }

    #[test]
    fn digits_are_those_of_the_text() {
        for (json, digits) in [
            ("2024.994", "2024.994"),
            ("\"9007199254740993.1234\"", "9007199254740993.1234"),
            ("9007199254740993.1234", "9007199254740993.1234"),
            ("-0.10", "-0.10"),
            ("1e2", "100"),
            ("1.25E+1", "12.5"),
            ("125e-3", "0.125"),
            ("1.5e1", "15"),
            ("0e0", "0"),
        ] {
            assert_eq!(read(json, MONEY), Ok(Some(digits.to_owned())), "{json}");
        }
        assert_eq!(read("1e999999999999", MONEY), Err(Reason::OutOfRange));
        assert_eq!(read("1e101", MONEY), Err(Reason::OutOfRange));
        for no_number in ["\"1,250\"", "\"1 000\"", "\" 1\"", "\"x\"", "\"NULL\"", "\"1.\""] {
            assert_eq!(read(no_number, MONEY), Err(Reason::InvalidDecimal), "{no_number}");
        }
    }

    #[test]
    fn integers_may_be_written_with_decimals_that_are_zero() {
        for (json, digits) in [("7", "7"), ("7.0", "7"), ("7e0", "7"), ("\"7\"", "7")] {
            assert_eq!(read(json, INT), Ok(Some(digits.to_owned())), "{json}");
        }
        assert_eq!(read("7.5", INT), Ok(Some("7.5".to_owned())), "the column refuses it");
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let text = Kind::Text { max: 9 };
        for (json, kind) in [
            ("7", text),
            ("{}", text),
            ("true", INT),
            ("[1]", MONEY),
            ("1", Kind::Boolean),
            ("\"true\"", Kind::Boolean),
            ("20110531", Kind::Timestamp),
        ] {
            assert_eq!(read(json, kind), Err(Reason::WrongType), "{json}");
        }
        for kind in [text, INT, MONEY, Kind::Boolean, Kind::Timestamp, Kind::Uuid] {
            assert_eq!(read("null", kind), Ok(None));
        }
        assert_eq!(read(r#""a\u0301\n""#, text), Ok(Some("a\u{301}\n".to_owned())));
        assert_eq!(read(r#""NULL""#, text), Ok(Some("NULL".to_owned())));
    }
}
