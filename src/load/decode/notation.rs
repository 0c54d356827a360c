//! Converts fields that a mapping says are written otherwise: words for null, true and
//! false, grouped digits, times. What it does not name is converted like any other field.

use super::date_format::DateFormat;
use super::format::Format;
use super::header::file_error;
use super::number::{DecimalMark, Marks, sign};
use super::value::{self, Value};
use crate::dataset::{Column, Kind};
use crate::db::text;
use crate::error::Result as FileResult;
use crate::load::rejects::reason::{Fault, Reason};

/// Digits of a number, with its sign and mark; more are no number of any column.
const LONGEST_NUMBER: usize = 64;

/// How values are written in the files of a mapping.
#[derive(Debug)]
pub(super) struct Notation {
    nulls: Option<Vec<Vec<u8>>>,
    empties: Vec<Vec<u8>>,
    null_in_quotes: bool,
    trim: bool,
    mark: u8,
    groups: Vec<Vec<u8>>,
    dates: Vec<DateFormat>,
    yes: Vec<Vec<u8>>,
    no: Vec<Vec<u8>>,
    whole_decimals: bool,
}

impl Notation {
    pub(super) fn new(format: &Format) -> FileResult<Self> {
        let bytes = |words: &[String]| words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let texts = |words: &[String]| words.iter().flat_map(|word| spellings(word)).collect();
        let dates = format.dates.iter().map(|pattern| {
            DateFormat::parse(pattern)
                .map_err(|why| file_error(format!("the date pattern {pattern:?}: {why}")))
        });
        Ok(Self {
            nulls: format.nulls.as_deref().map(texts),
            empties: texts(&format.empties),
            null_in_quotes: format.null_in_quotes,
            trim: format.trim,
            mark: format.decimal.map_or(b'.', DecimalMark::byte),
            groups: bytes(&format.groups),
            dates: dates.collect::<FileResult<_>>()?,
            yes: bytes(&format.yes),
            no: bytes(&format.no),
            whole_decimals: format.whole_decimals,
        })
    }

    /// Whether a text that is null is one all the same if it is quoted.
    pub(super) fn keeps_quoted(&self, column: &Column) -> bool {
        !self.null_in_quotes && is_text(column)
    }

    /// Whether a text means the empty one.
    pub(super) fn is_empty(&self, column: &Column, text: &[u8]) -> bool {
        is_text(column) && self.empties.iter().any(|empty| empty == text)
    }

    /// Converts the text of one field.
    pub(super) fn convert(
        &self,
        column: &Column,
        text: &[u8],
        marks: &mut Marks,
    ) -> Result<Value, Fault> {
        if self.is_empty(column, text) {
            return Ok(Value::Text(0));
        }
        let text = if self.trim { text.trim_ascii_end() } else { text };
        if let Some(nulls) = &self.nulls {
            let is_text = is_text(column);
            // Blanks are a text.
            let bare = if is_text { text } else { text.trim_ascii() };
            if nulls.iter().any(|null| null == text || null == bare) {
                return value::convert(column, b"", marks);
            }
            if is_text {
                return value::text(column, text);
            }
        }
        match column.kind {
            Kind::Timestamp if !self.dates.is_empty() => self.time(column, text),
            Kind::Boolean => match self.boolean(text.trim_ascii()) {
                Some(value) => Ok(value),
                None => value::convert(column, text, marks),
            },
            Kind::SmallInt { .. } | Kind::Integer { .. } | Kind::Decimal { .. } => {
                self.number(column, text, marks)
            }
            _ => value::convert(column, text, marks),
        }
    }

    fn time(&self, column: &Column, text: &[u8]) -> Result<Value, Fault> {
        let bare = text.trim_ascii();
        if bare.is_empty() || bare == b"NULL" {
            return value::convert(column, b"", &mut Marks::default());
        }
        if let Some(time) = self.dates.iter().find_map(|format| format.read(bare)) {
            return Ok(Value::Timestamp(time));
        }
        let patterns: Vec<&str> = self.dates.iter().map(DateFormat::pattern).collect();
        let expected = format!("a time like {}", patterns.join(" or "));
        Err(value::mismatch(column, Reason::InvalidTimestamp, &expected, text))
    }

    fn boolean(&self, text: &[u8]) -> Option<Value> {
        let is = |words: &[Vec<u8>]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        match (is(&self.yes), is(&self.no)) {
            (true, _) => Some(Value::Boolean(true)),
            (_, true) => Some(Value::Boolean(false)),
            _ => None,
        }
    }

    /// Takes the marks between groups out of a number, and zeros after the mark off a whole
    /// one.
    fn number(&self, column: &Column, text: &[u8], marks: &mut Marks) -> Result<Value, Fault> {
        let text = text.trim_ascii();
        let mut buffer = [0; LONGEST_NUMBER];
        let ungrouped = match self.ungrouped(text, &mut buffer) {
            Some(length) => buffer.get(..length).unwrap_or_default(),
            None => text,
        };
        let is_whole = !matches!(column.kind, Kind::Decimal { .. });
        let number = if is_whole && self.whole_decimals {
            without_zero_decimals(ungrouped, self.mark)
        } else {
            ungrouped
        };
        value::convert(column, number, marks)
    }

    /// The length of the number without groups; `None` if it has none, or not such ones.
    fn ungrouped(&self, text: &[u8], into: &mut [u8]) -> Option<usize> {
        let has = |group: &&Vec<u8>| memchr::memmem::find(text, group).is_some();
        let group = self.groups.iter().find(has)?;
        let (_, digits) = sign(text);
        let end = digits.iter().position(|byte| *byte == self.mark).unwrap_or(digits.len());
        let (mut whole, fraction) = digits.split_at_checked(end)?;
        let mut length = 0;
        let mut add = |part: &[u8]| {
            into.get_mut(length..length + part.len())?.copy_from_slice(part);
            length += part.len();
            Some(())
        };
        add(text.get(..text.len() - digits.len())?)?;
        let head = whole.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (1..=3).contains(&head).then_some(())?;
        add(whole.get(..head)?)?;
        whole = whole.get(head..)?;
        while !whole.is_empty() {
            let (digits, rest) = whole.strip_prefix(group.as_slice())?.split_at_checked(3)?;
            digits.iter().all(u8::is_ascii_digit).then_some(())?;
            add(digits)?;
            whole = rest;
        }
        add(fraction)?;
        Some(length)
    }
}

/// A word as it is written, and as texts are stored if that is different.
fn spellings(word: &str) -> impl Iterator<Item = Vec<u8>> {
    let stored = text::normalized(word);
    let other = (stored != word).then(|| stored.into_owned().into_bytes());
    std::iter::once(word.as_bytes().to_vec()).chain(other)
}

fn is_text(column: &Column) -> bool {
    matches!(column.kind, Kind::Text { .. } | Kind::Padded { .. })
}

fn without_zero_decimals(text: &[u8], mark: u8) -> &[u8] {
    let Some(at) = text.iter().position(|byte| *byte == mark) else { return text };
    let (whole, decimals) = text.split_at_checked(at).unwrap_or((text, &[]));
    let zeros = decimals.get(1..).unwrap_or_default();
    let is_zero = !zeros.is_empty() && zeros.iter().all(|byte| *byte == b'0');
    if is_zero { whole } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::DecimalRange;

    const MONEY: Kind = Kind::Decimal { precision: 12, scale: 2, range: DecimalRange::Any };
    const WHOLE: Kind = Kind::Integer { min: 0, max: i32::MAX };
    const TEXT: Kind = Kind::Text { max: 10 };

    fn column(kind: Kind, required: bool) -> Column {
        Column { source: "X", name: "x", kind, required }
    }

    fn read(format: &Format, kind: Kind, text: &str) -> Result<Value, Reason> {
        let notation = Notation::new(format).unwrap();
        let mut marks = Marks { column: format.decimal, file: format.decimal };
        notation
            .convert(&column(kind, false), text.as_bytes(), &mut marks)
            .map_err(|fault| fault.reason)
    }

    #[test]
    fn groups_of_a_known_mark_are_taken_out() {
        let decimal = Some(DecimalMark::Comma);
        for group in [".", "\u{202f}", "'"] {
            let format = Format { decimal, groups: vec![group.to_owned()], ..Format::default() };
            let text = |text: &str| text.replace('_', group);
            for (written, value) in
                [("1_500", 150_000), ("-1_234_567,5", -123_456_750), ("12,25", 1225)]
            {
                assert_eq!(read(&format, MONEY, &text(written)), Ok(Value::Decimal(value)));
            }
            assert_eq!(read(&format, WHOLE, &text("1_500")), Ok(Value::Integer(1500)));
            for bad in ["15_00", "1__500", "_500", "1_500_", "1_5000"] {
                assert!(read(&format, MONEY, &text(bad)).is_err(), "{bad} {group}");
            }
        }
        let format = Format { decimal, ..Format::default() };
        assert_eq!(read(&format, MONEY, "1.500"), Err(Reason::AmbiguousDecimal));
    }

    #[test]
    fn words_for_null_and_booleans_are_those_of_the_mapping() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let format = Format {
            nulls: Some(words(&["\\N"])),
            empties: words(&["\0"]),
            yes: words(&["WAHR"]),
            no: words(&["FALSCH"]),
            ..Format::default()
        };
        assert_eq!(read(&format, TEXT, "\\N"), Ok(Value::Null));
        assert_eq!(read(&format, TEXT, "NULL"), Ok(Value::Text(4)), "someone's name");
        assert_eq!(read(&format, TEXT, ""), Ok(Value::Text(0)));
        assert_eq!(read(&format, TEXT, " \\N"), Ok(Value::Text(3)), "not that word");
        assert_eq!(read(&format, WHOLE, " \\N"), Ok(Value::Null));
        assert_eq!(read(&format, TEXT, "\0"), Ok(Value::Text(0)));
        let empty = Format { nulls: Some(words(&[""])), ..Format::default() };
        assert_eq!(read(&empty, TEXT, ""), Ok(Value::Null));
        assert_eq!(read(&empty, TEXT, "   "), Ok(Value::Text(3)), "blanks are a text");
        assert_eq!(read(&empty, WHOLE, "   "), Ok(Value::Null));
        assert_eq!(read(&format, WHOLE, ""), Ok(Value::Null), "an empty number is none");
        assert_eq!(read(&format, Kind::Boolean, "wahr"), Ok(Value::Boolean(true)));
        assert_eq!(read(&format, Kind::Boolean, "FALSCH"), Ok(Value::Boolean(false)));
        assert_eq!(read(&format, Kind::Boolean, "1"), Ok(Value::Boolean(true)));
        assert_eq!(read(&format, Kind::Boolean, "vrai"), Err(Reason::InvalidBoolean));
    }

    #[test]
    fn times_fit_one_of_the_patterns() {
        let dates = vec!["dd.MM.yyyy HH:mm".to_owned(), "dd.MM.yyyy".to_owned()];
        let format = Format { dates, ..Format::default() };
        let day = Value::Timestamp(86_400_000_000);
        assert_eq!(read(&format, Kind::Timestamp, "02.01.2000"), Ok(day));
        assert_eq!(read(&format, Kind::Timestamp, " 02.01.2000 00:00 "), Ok(day));
        assert_eq!(read(&format, Kind::Timestamp, "NULL"), Ok(Value::Null));
        assert_eq!(read(&format, Kind::Timestamp, "2000-01-02"), Err(Reason::InvalidTimestamp));
    }

    #[test]
    fn whole_numbers_may_have_zero_decimals_and_texts_padding() {
        let format = Format { whole_decimals: true, trim: true, ..Format::default() };
        assert_eq!(read(&format, WHOLE, "291.0"), Ok(Value::Integer(291)));
        assert_eq!(read(&format, WHOLE, "291.5"), Err(Reason::InvalidInteger));
        assert_eq!(read(&format, WHOLE, "291."), Err(Reason::InvalidInteger));
        assert_eq!(read(&format, TEXT, "ab   "), Ok(Value::Text(2)));
        assert_eq!(read(&format, TEXT, "   "), Ok(Value::Null));
    }
}
