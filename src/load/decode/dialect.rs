//! The dialect of a file, detected from its first bytes and its header. The ledger stores
//! it, so that a file is resumed in the dialect in which it was begun.

use csv_core::{ReadRecordResult, ReaderBuilder};
use serde::{Deserialize, Serialize};

use crate::dataset::{Dataset, Kind};
use crate::error::{Code, Error, Result};

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Uncompressed: it can be resumed with a range request.
    None,
    /// gzip, one member or several.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// Detects the magic number.
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// How a file encodes text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, little-endian.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, big-endian.
    #[serde(rename = "utf-16be")]
    Utf16Be,
}

impl Encoding {
    /// The encoding and the length of the byte order mark.
    pub(super) fn of(head: &[u8]) -> Result<(Self, usize)> {
        match head {
            [] => Err(file_error(EMPTY)),
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
                Err(file_error("the file is UTF-32; expected UTF-8, or UTF-16 with a BOM"))
            }
            [0xef, 0xbb, 0xbf, ..] => Ok((Self::Utf8, 3)),
            [0xff, 0xfe, ..] => Ok((Self::Utf16Le, 2)),
            [0xfe, 0xff, ..] => Ok((Self::Utf16Be, 2)),
            _ if first_line(head).contains(&0) => Err(file_error(
                "the encoding is unknown (NUL bytes, no byte order mark); \
                 expected UTF-8, or UTF-16 with a BOM",
            )),
            _ => Ok((Self::Utf8, 0)),
        }
    }

    /// The length of decoded text in the file.
    pub(super) fn file_bytes(self, text: &[u8]) -> u64 {
        match self {
            Self::Utf8 => text.len() as u64,
            // By bytes: a piece of text may end within a character.
            Self::Utf16Le | Self::Utf16Be => text
                .iter()
                .map(|byte| match byte {
                    0x80..=0xbf => 0,
                    0xf0..=0xf4 => 4,
                    _ => 2,
                })
                .sum(),
        }
    }
}

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// Compression.
    pub compression: Compression,
    /// Encoding of the text.
    pub encoding: Encoding,
    /// Field delimiter: `;`, `,`, tab or `|`.
    pub delimiter: char,
    /// `crlf`, `lf` or `cr`.
    pub line_end: String,
    /// Decimal mark of the first rows: `comma`, `dot`, `mixed` or `none`.
    pub decimal_mark: String,
    /// The header as written.
    pub header: Vec<String>,
    /// Header columns that the dataset does not have; their values are ignored.
    pub ignored: Vec<String>,
}

const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];
const EMPTY: &str = "the file is empty; expected a header row";
/// Rows examined for the decimal mark.
const SAMPLE_ROWS: usize = 20;

/// Detects the dialect from the head of the text; also returns the length of the header.
pub(super) fn detect(
    dataset: &Dataset,
    compression: Compression,
    encoding: Encoding,
    head: &[u8],
) -> Result<(Dialect, usize)> {
    if head.is_empty() {
        return Err(file_error(EMPTY));
    }
    let line = first_line(head);
    if line.contains(&0) {
        return Err(file_error("the header has a NUL character; expected column names"));
    }
    let line_end = match head.get(line.len()..) {
        Some([b'\r', b'\n', ..]) => "crlf",
        Some([b'\r', ..]) => "cr",
        _ => "lf",
    };
    if line.trim_ascii().is_empty() {
        return Err(file_error("the first line is blank; expected a header row"));
    }
    let known = |name: &str| dataset.columns.iter().any(|c| c.source.eq_ignore_ascii_case(name));
    let (header, delimiter) = DELIMITERS
        .iter()
        .map(|delimiter| (split(line, *delimiter), *delimiter))
        .max_by_key(|(header, _)| header.iter().filter(|name| known(name)).count())
        .unwrap_or_default();
    check_header(dataset, &header)?;
    let length = line.len() + if line_end == "crlf" { 2 } else { 1 };
    let ignored = header.iter().filter(|name| !known(name)).cloned().collect();
    let rows = head.get(length..).unwrap_or_default();
    let decimal_mark = decimal_mark(dataset, &header, delimiter, rows).to_owned();
    let dialect = Dialect {
        compression,
        encoding,
        delimiter: char::from(delimiter),
        line_end: line_end.to_owned(),
        decimal_mark,
        header,
        ignored,
    };
    Ok((dialect, length.min(head.len())))
}

fn first_line(head: &[u8]) -> &[u8] {
    head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default()
}

/// For each column of the dataset, its index in the header.
pub(super) fn column_indexes(dataset: &Dataset, header: &[String]) -> Result<Vec<usize>> {
    let mut indexes = Vec::with_capacity(dataset.columns.len());
    let mut missing = Vec::new();
    for column in dataset.columns {
        match header.iter().position(|name| name.eq_ignore_ascii_case(column.source)) {
            Some(index) => indexes.push(index),
            None => missing.push(column.source),
        }
    }
    if missing.is_empty() {
        return Ok(indexes);
    }
    Err(file_error(format!(
        "the header lacks {}; {} expects {}, found {}",
        missing.join(", "),
        dataset.file_stem,
        dataset.columns.iter().map(|column| column.source).collect::<Vec<_>>().join(", "),
        header.join(", "),
    )))
}

fn check_header(dataset: &Dataset, header: &[String]) -> Result<()> {
    column_indexes(dataset, header)?;
    for column in dataset.columns {
        if header.iter().filter(|name| name.eq_ignore_ascii_case(column.source)).count() > 1 {
            return Err(file_error(format!("the header names {} more than once", column.source)));
        }
    }
    Ok(())
}

/// The fields of one line, unquoted and trimmed.
fn split(line: &[u8], delimiter: u8) -> Vec<String> {
    let (mut output, mut ends) = (vec![0; line.len() + 1], vec![0; line.len() + 2]);
    let mut csv = ReaderBuilder::new().delimiter(delimiter).build();
    let (_, _, written, ended) = csv.read_record(line, &mut output, &mut ends);
    let rest = output.get_mut(written..).unwrap_or_default();
    let more = match csv.read_record(&[], rest, ends.get_mut(ended..).unwrap_or_default()) {
        (ReadRecordResult::Record, _, _, more) => more,
        _ => 0,
    };
    let mut start = 0;
    ends.iter()
        .take(ended + more)
        .map(|end| {
            let field = output.get(start..*end).unwrap_or_default();
            start = *end;
            String::from_utf8_lossy(field).trim().to_owned()
        })
        .collect()
}

fn decimal_mark(dataset: &Dataset, header: &[String], delimiter: u8, rows: &[u8]) -> &'static str {
    let decimals: Vec<usize> = dataset
        .columns
        .iter()
        .filter(|column| matches!(column.kind, Kind::Decimal { .. }))
        .filter_map(|column| {
            header.iter().position(|name| name.eq_ignore_ascii_case(column.source))
        })
        .collect();
    let (mut comma, mut dot) = (false, false);
    for line in rows.split(|byte| *byte == b'\n').take(SAMPLE_ROWS) {
        let fields = split(line, delimiter);
        for value in decimals.iter().filter_map(|at| fields.get(*at)) {
            comma |= value.contains(',');
            dot |= value.contains('.');
        }
    }
    match (comma, dot) {
        (true, true) => "mixed",
        (true, false) => "comma",
        (false, true) => "dot",
        (false, false) => "none",
    }
}

pub(super) fn file_error(message: impl Into<String>) -> Error {
    Error::new(Code::BadUserInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::by_table;

    fn detected(head: &str) -> Result<(Dialect, usize)> {
        let dataset = by_table("special_offer_product").unwrap();
        detect(dataset, Compression::None, Encoding::Utf8, head.as_bytes())
    }

    #[test]
    fn columns_may_be_in_any_order_and_case() {
        let (dialect, length) =
            detected("modifieddate;ROWGUID;productid;Extra;SpecialOfferID\r\n1;2;3;4;5\r\n")
                .unwrap();
        assert_eq!((dialect.delimiter, dialect.line_end.as_str()), (';', "crlf"));
        assert_eq!(dialect.ignored, ["Extra"]);
        assert_eq!(length, 53);
        let (dialect, _) =
            detected("\"SpecialOfferID\"\t\"ProductID\"\trowguid\tModifiedDate\n").unwrap();
        assert_eq!((dialect.delimiter, dialect.line_end.as_str()), ('\t', "lf"));
    }

    #[test]
    fn a_missing_or_repeated_column_is_named() {
        let error = detected("SpecialOfferID,rowguid,ModifiedDate\n").unwrap_err();
        assert!(error.message().contains("lacks ProductID"), "{error}");
        let error =
            detected("SpecialOfferID,ProductID,productid,rowguid,ModifiedDate\n").unwrap_err();
        assert!(error.message().contains("ProductID more than once"), "{error}");
    }

    #[test]
    fn encodings_are_detected_by_their_mark() {
        assert_eq!(Encoding::of(b"a;b").unwrap(), (Encoding::Utf8, 0));
        assert_eq!(Encoding::of(b"\xef\xbb\xbfa").unwrap(), (Encoding::Utf8, 3));
        assert_eq!(Encoding::of(b"\xff\xfea\0").unwrap(), (Encoding::Utf16Le, 2));
        for unknown in [&b""[..], b"a\0b\0", b"\xff\xfe\0\0"] {
            assert!(Encoding::of(unknown).is_err());
        }
    }
}
