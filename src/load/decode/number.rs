//! Reads the text of a decimal: which mark is the decimal one, and which only groups digits.
//!
//! A column has one decimal mark in a file. A value tells it unless it is one that may be
//! read either way: `1,250` is a thousand and more, or a little over one.

use serde::{Deserialize, Serialize};

/// A decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecimalMark {
    /// `,`
    Comma,
    /// `.`
    Dot,
}

impl DecimalMark {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Dot => b'.',
        }
    }

    fn of(byte: u8) -> Option<Self> {
        match byte {
            b',' => Some(Self::Comma),
            b'.' => Some(Self::Dot),
            _ => None,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Comma => Self::Dot,
            Self::Dot => Self::Comma,
        }
    }
}

/// What is known of the decimal mark where a value stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// The column's, told by a value of it.
    pub(super) column: Option<DecimalMark>,
    /// The file's, if all that is known of its columns agrees: settles values that could be
    /// read either way.
    pub(super) file: Option<DecimalMark>,
}

/// The digits of a decimal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Digits<'a> {
    pub(super) negative: bool,
    pub(super) whole: Whole<'a>,
    pub(super) fraction: &'a [u8],
    /// The decimal mark that the value tells.
    pub(super) tells: Option<DecimalMark>,
}

/// The digits before the decimal mark.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Whole<'a> {
    Plain(&'a [u8]),
    /// Was in groups.
    Grouped(Vec<u8>),
}

impl Whole<'_> {
    pub(super) fn digits(&self) -> &[u8] {
        match self {
            Self::Plain(digits) => digits,
            Self::Grouped(digits) => digits,
        }
    }
}

/// Why a text is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is no number.
    Invalid,
    /// It may be another number than it seems, or has the other decimal mark.
    Ambiguous,
}

/// Reads a decimal without blanks around it.
pub(super) fn read(text: &[u8], known: Marks) -> Result<Digits<'_>, Unread> {
    let (negative, rest) = sign(text);
    let Some(at) = rest.iter().position(|byte| !byte.is_ascii_digit()) else {
        let whole = Whole::Plain(rest);
        let digits = Digits { negative, whole, fraction: &[], tells: None };
        return if rest.is_empty() { Err(Unread::Invalid) } else { Ok(digits) };
    };
    let (whole, fraction) = (rest.get(..at).unwrap_or_default(), rest.get(at + 1..));
    let fraction = fraction.unwrap_or_default();
    let mark = rest.get(at).and_then(|byte| DecimalMark::of(*byte));
    let Some(mark) = mark.filter(|_| fraction.iter().all(u8::is_ascii_digit)) else {
        return grouped(negative, rest, known.column);
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(Unread::Invalid);
    }
    // No thousands are written so.
    let is_certain =
        fraction.len() != 3 || whole.len() > 3 || whole.first().is_none_or(|digit| *digit == b'0');
    let tells = match known.column {
        Some(column) if column == mark => None,
        Some(_) => return Err(Unread::Ambiguous),
        None if is_certain => Some(mark),
        None if known.file == Some(mark) => None,
        None => return Err(Unread::Ambiguous),
    };
    Ok(Digits { negative, whole: Whole::Plain(whole), fraction, tells })
}

/// Digits in groups of three: with blanks or apostrophes between them, or with the mark that
/// is not the decimal one, if it stands there twice or a decimal mark follows.
fn grouped(negative: bool, text: &[u8], column: Option<DecimalMark>) -> Result<Digits<'_>, Unread> {
    let first = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (head, mut rest) = text.split_at_checked(first).unwrap_or_default();
    if !(1..=3).contains(&first) || head.first() == Some(&b'0') {
        return Err(Unread::Invalid);
    }
    let separator = separator(rest).ok_or(Unread::Invalid)?;
    let mut whole = head.to_vec();
    let mut groups = 0;
    while let Some(group) = rest.strip_prefix(separator) {
        let Some((digits, after)) = group.split_at_checked(3) else { return Err(Unread::Invalid) };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(Unread::Invalid);
        }
        whole.extend_from_slice(digits);
        (rest, groups) = (after, groups + 1);
    }
    let grouping = match separator {
        [mark] => DecimalMark::of(*mark),
        _ => None,
    };
    let (mark, fraction) = match rest {
        [] => (None, rest),
        [mark, fraction @ ..] => {
            let mark = DecimalMark::of(*mark).ok_or(Unread::Invalid)?;
            if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
                return Err(Unread::Invalid);
            }
            (Some(mark), fraction)
        }
    };
    let tells = mark.or(grouping.filter(|_| groups > 1).map(DecimalMark::other));
    match (column, tells) {
        (Some(column), Some(tells)) if column != tells => Err(Unread::Ambiguous),
        _ => {
            let whole = Whole::Grouped(whole);
            Ok(Digits { negative, whole, fraction, tells: tells.filter(|_| column.is_none()) })
        }
    }
}

/// What separates the first group from the next: a mark, a blank of any width that does not
/// break, or an apostrophe.
fn separator(text: &[u8]) -> Option<&[u8]> {
    let separators: [&[u8]; 8] = [
        b".",
        b",",
        b" ",
        b"'",
        "\u{a0}".as_bytes(),
        "\u{202f}".as_bytes(),
        "\u{2009}".as_bytes(),
        "\u{2019}".as_bytes(),
    ];
    let found = separators.into_iter().find(|known| text.starts_with(known))?;
    text.get(..found.len())
}

/// Whether the number is negative, and its digits.
pub(super) fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DecimalMark::{Comma, Dot};

    fn number(text: &str, column: Option<DecimalMark>) -> Result<String, Unread> {
        let digits = read(text.as_bytes(), Marks { column, file: None })?;
        let text = |digits: &[u8]| String::from_utf8(digits.to_vec()).unwrap();
        let sign = if digits.negative { "-" } else { "" };
        Ok(format!("{sign}{}.{}", text(digits.whole.digits()), text(digits.fraction)))
    }

    #[test]
    fn a_value_tells_its_mark_unless_it_can_be_read_either_way() {
        for (text, read_as, tells) in [
            ("10.50", "10.50", Dot),
            ("2024,994", "2024.994", Comma),
            ("0,250", "0.250", Comma),
            (",125", ".125", Comma),
            ("7.", "7.", Dot),
            ("1.500.000", "1500000.", Comma),
            ("2.250.000,50", "2250000.50", Comma),
            ("12,500.75", "12500.75", Dot),
            ("-1,898.0944", "-1898.0944", Dot),
            ("1 234,50", "1234.50", Comma),
            ("1\u{202f}234\u{202f}567,5", "1234567.5", Comma),
            ("1\u{a0}234.5", "1234.5", Dot),
            ("1'234.50", "1234.50", Dot),
        ] {
            assert_eq!(number(text, None).as_deref(), Ok(read_as), "{text}");
            assert_eq!(read(text.as_bytes(), Marks::default()).unwrap().tells, Some(tells));
            assert_eq!(number(text, Some(tells)).as_deref(), Ok(read_as), "{text}");
            assert_eq!(number(text, Some(tells.other())), Err(Unread::Ambiguous), "{text}");
        }
        for (text, mark) in [("1,250", Comma), ("1.500", Dot), ("-999,999", Comma)] {
            assert_eq!(number(text, None), Err(Unread::Ambiguous), "{text}");
            assert_eq!(number(text, Some(mark.other())), Err(Unread::Ambiguous), "{text}");
            assert_eq!(number(text, Some(mark)), Ok(text.replace(',', ".")), "{text}");
            let of_file = Marks { column: None, file: Some(mark) };
            assert_eq!(read(text.as_bytes(), of_file).unwrap().tells, None, "{text}");
            let of_file = Marks { column: None, file: Some(mark.other()) };
            assert_eq!(read(text.as_bytes(), of_file), Err(Unread::Ambiguous), "{text}");
        }
        for (text, read_as) in [("1234", "1234."), ("1 234", "1234."), ("12 345 678", "12345678.")]
        {
            for column in [None, Some(Comma), Some(Dot)] {
                assert_eq!(number(text, column).as_deref(), Ok(read_as), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_invalid_whatever_the_mark() {
        for text in [
            "", "-", ",", ".", "abc", "1e3", "12 34", "1 2345", "1,23,456", "1.234,567.8",
            "1234 567", "0.123.456", "1.234,", "1..2", "1. 234", "∞", "1,250 €", "--1",
        ] {
            for column in [None, Some(Comma), Some(Dot)] {
                assert_eq!(number(text, column), Err(Unread::Invalid), "{text}");
            }
        }
    }
}
