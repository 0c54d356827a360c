//! Looks at the beginning of a file: its text, its records, and its rows as they would be
//! loaded. Nothing is written.

use std::io::Read as _;
use std::sync::Arc;

use chrono::DateTime;

use super::builder::BatchLimits;
use super::dialect::HEAD;
use super::encoding::{Compression, Encoding};
use super::format::Format;
use super::header::file_error;
use super::input;
use super::malformed::Malformed;
use super::members::Trailing;
use super::open::{Opened, open, read_error, record_settings, replaced};
use super::quoting::Syntax;
use super::record::{Position, Records};
use super::row::RowConverter;
use super::separators::{FIELD, Separators, is_single};
use super::settings::Settings;
use super::shape::Line;
use super::value::Value;
use crate::dataset::{Column, Dataset, Kind};
use crate::db::copy::EPOCH_DAYS_FROM_UNIX;
use crate::error::Result;

/// A record of a file, split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) fields: Vec<String>,
    /// Whether its quotes are balanced.
    pub(crate) is_clean: bool,
}

/// Rows of a file as they would be loaded.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// For each row the values of the dataset's columns; `None` is null.
    pub(crate) rows: Vec<Vec<Option<String>>>,
    /// Line and reason of the rows that would be rejected.
    pub(crate) faults: Vec<(u64, String)>,
}

/// The text at the beginning of a file, in whole lines, and its encoding: text that is no
/// UTF-8 is taken for windows-1252.
///
/// # Errors
/// `BadUserInput`: it is empty or cannot be decompressed.
pub(crate) fn text_of(head: &[u8]) -> Result<(Encoding, Vec<u8>)> {
    let compression = Compression::of(head);
    let plain = input::decompress(head, compression, &Trailing::default());
    let mut plain = plain.map_err(read_error)?.take(HEAD as u64);
    let mut bytes = Vec::new();
    // The compressed bytes may be cut off.
    let read = plain.read_to_end(&mut bytes);
    let is_cut = read.is_err() || bytes.len() == HEAD;
    if bytes.is_empty() {
        read.map_err(read_error)?;
        return Err(file_error("the file is empty; there is nothing to look at"));
    }
    let (found, mark) = Encoding::of_mapped(&bytes, None)?;
    let body = bytes.get(mark..).unwrap_or_default();
    let ends_within = |error: std::str::Utf8Error| error.error_len().is_none();
    let encoding = match std::str::from_utf8(body) {
        Err(error) if found == Encoding::Utf8 && !ends_within(error) => Encoding::Windows1252,
        _ => found,
    };
    let mut text = Vec::new();
    input::decode_text(body, encoding).read_to_end(&mut text).map_err(read_error)?;
    let whole = text.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
    if let Some(whole) = whole.filter(|_| is_cut) {
        text.truncate(whole + 1);
    }
    Ok((encoding, text))
}

/// The first records of a text.
pub(crate) fn split(
    text: &[u8],
    delimiter: &str,
    terminator: Option<&str>,
    quote: Option<u8>,
    most: usize,
) -> Vec<Split> {
    let separators = Separators::of(delimiter, terminator);
    let single = delimiter.bytes().next().filter(|_| is_single(delimiter));
    let syntax = Syntax { delimiter: single.unwrap_or(FIELD), quote };
    let settings = Settings {
        syntax,
        fields: 0,
        max_bytes: HEAD,
        encoding: Encoding::Utf8,
        separators: separators.clone().map(Arc::new),
    };
    let text = replaced(text, &settings);
    let mut records = Records::new(text, settings, None, Position { offset: 0, line: 1 });
    let mut found = Vec::new();
    while let Ok(Some(record)) = records.next() {
        let text = |field: &[u8]| match &separators {
            Some(separators) => String::from_utf8_lossy(&separators.restore(field)).into_owned(),
            None => String::from_utf8_lossy(field).into_owned(),
        };
        let fields = Line::split(record.raw, syntax).iter().map(text).collect();
        let is_clean = matches!(record.shape, Ok(_) | Err(Malformed::FieldCount(_)));
        found.push(Split { fields, is_clean });
        if found.len() == most {
            break;
        }
    }
    found
}

/// The first rows of a file as they would be loaded.
///
/// # Errors
/// `BadUserInput`: the file does not fit the format.
pub(crate) fn preview(
    dataset: &'static Dataset,
    format: Option<&Format>,
    head: &[u8],
    most: usize,
) -> Result<Preview> {
    let Opened { dialect, text, start, .. } = open(dataset, format, head)?;
    let limits = BatchLimits { rows: most, bytes: HEAD, record_bytes: HEAD };
    let settings = record_settings(&dialect, limits);
    let mut records = Records::new(replaced(text, &settings), settings, None, start);
    let mut converter = RowConverter::new(dataset, &dialect)?;
    let mut preview = Preview::default();
    // The compressed bytes may be cut off.
    while let Ok(Some(record)) = records.next() {
        if preview.rows.len() + preview.faults.len() == most {
            break;
        }
        let fields = match record.shape {
            Ok(fields) => fields,
            Err(malformed) => {
                let why = malformed.fault(dialect.header.len(), limits.record_bytes).message;
                preview.faults.push((record.position.line, why));
                continue;
            }
        };
        match converter.convert(record.raw, fields) {
            Ok(_) => preview.rows.push(
                converter
                    .written(fields)
                    .map(|(column, value, text)| shown(column, value, &text))
                    .collect(),
            ),
            Err(fault) => {
                let column = fault.column.unwrap_or("the row");
                let why = format!("{column}: {}", fault.message);
                preview.faults.push((record.position.line, why));
            }
        }
    }
    Ok(preview)
}

/// A value as Postgres would print it.
fn shown(column: &Column, value: Value, text: &[u8]) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::SmallInt(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Boolean(value) => value.to_string(),
        Value::Decimal(value) => decimal(column.kind, value),
        Value::Timestamp(micros) => time(micros),
        Value::Uuid(bytes) => uuid::Uuid::from_bytes(bytes).to_string(),
        Value::Text(length) => {
            String::from_utf8_lossy(text.get(..length).unwrap_or(text)).into_owned()
        }
    })
}

fn decimal(kind: Kind, value: i128) -> String {
    let scale = if let Kind::Decimal { scale, .. } = kind { usize::from(scale) } else { 0 };
    let digits = format!("{:0width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - scale).unwrap_or((&digits, ""));
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn time(micros: i64) -> String {
    let time = DateTime::from_timestamp_micros(EPOCH_DAYS_FROM_UNIX * 86_400_000_000 + micros);
    time.map(|time| time.format("%Y-%m-%d %H:%M:%S%.f").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::by_table;

    #[test]
    fn rows_are_shown_as_they_would_be_loaded() {
        let dataset = by_table("special_offer_product").unwrap();
        let text = "SpecialOfferID;ProductID;rowguid;ModifiedDate\n\
                    1;680;BB30B868-D86C-4557-8DB2-4B2D0A83A0FB;2011-04-01 00:00:00.500\n\
                    x;680;BB30B868-D86C-4557-8DB2-4B2D0A83A0FB;2011-04-01\n";
        let preview = preview(dataset, None, text.as_bytes(), 3).unwrap();
        let row = ["1", "680", "bb30b868-d86c-4557-8db2-4b2d0a83a0fb", "2011-04-01 00:00:00.500"];
        assert_eq!(preview.rows, [row.map(|text| Some(text.to_owned()))]);
        assert_eq!(preview.faults.len(), 1);
        assert_eq!(preview.faults[0].0, 3);
        let money =
            Kind::Decimal { precision: 9, scale: 2, range: crate::dataset::DecimalRange::Any };
        assert_eq!(decimal(money, -5), "-0.05");
        assert_eq!(decimal(money, 12_345), "123.45");
    }

    #[test]
    fn text_that_is_no_utf_8_is_taken_for_that_of_windows() {
        assert_eq!(text_of(b"caf\xe9;1").unwrap(), (Encoding::Windows1252, "café;1".into()));
        assert_eq!(text_of("café".as_bytes()).unwrap(), (Encoding::Utf8, "café".into()));
        assert_eq!(text_of(b"a\0b\0").unwrap(), (Encoding::Utf16Le, "ab".into()));
        assert!(text_of(b"").is_err());
    }
}
