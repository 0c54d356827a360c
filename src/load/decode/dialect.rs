//! The dialect of a file, detected from its first bytes and its header. The ledger stores
//! it, so that a file is resumed in the dialect in which it was begun.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::encoding::{Compression, Encoding};
use super::format::Format;
use super::header::{
    DELIMITERS, cells, file_error, first_line, line_count, quoted_lines, told_delimiter,
};
use super::number::{self, DecimalMark, Marks};
use super::quoting::Syntax;
use super::separators::Separators;
use super::shape::Line;
use crate::dataset::{Dataset, Kind};
use crate::error::Result;

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// Compression.
    pub compression: Compression,
    /// Encoding of the text.
    pub encoding: Encoding,
    /// Field delimiter: `;`, `,`, tab or `|`, or a mapping's.
    pub delimiter: String,
    /// What ends a row, where a mapping says that a line end alone does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminator: Option<String>,
    /// `crlf`, `lf` or `cr`.
    pub line_end: String,
    /// Decimal mark of the first rows: `comma`, `dot`, `mixed` or `none`.
    pub decimal_mark: String,
    /// The decimal mark of each column of which it is known.
    #[serde(default)]
    pub marks: BTreeMap<String, DecimalMark>,
    /// The header as written; with a mapping, the dataset's names of the columns.
    pub header: Vec<String>,
    /// Header columns that the dataset does not have; their values are ignored.
    pub ignored: Vec<String>,
    /// The format that a mapping gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Box<Format>>,
}

/// Bytes of text examined for the dialect.
pub(super) const HEAD: usize = 64 * 1024;
const EMPTY: &str = "the file is empty; expected a header row";

impl Dialect {
    /// Of values that no delimiter separates, in UTF-8 and with decimal dots.
    pub(crate) fn undelimited(
        compression: Compression,
        header: Vec<String>,
        ignored: Vec<String>,
    ) -> Self {
        let marks = header.iter().map(|column| (column.clone(), DecimalMark::Dot)).collect();
        Self {
            compression,
            encoding: Encoding::Utf8,
            delimiter: ",".to_owned(),
            terminator: None,
            line_end: "lf".to_owned(),
            decimal_mark: "dot".to_owned(),
            marks,
            header,
            ignored,
            format: None,
        }
    }

    pub(super) fn syntax(&self) -> Syntax {
        match &self.format {
            Some(format) => format.syntax(&self.delimiter),
            None => Syntax::plain(self.delimiter.bytes().next().unwrap_or(b',')),
        }
    }

    /// The separators that are replaced in the text.
    pub(super) fn separators(&self) -> Option<Arc<Separators>> {
        Separators::of(&self.delimiter, self.terminator.as_deref()).map(Arc::new)
    }

    /// The file's decimal mark, if its first rows had only one.
    pub(super) fn only_mark(&self) -> Option<DecimalMark> {
        match self.decimal_mark.as_str() {
            "comma" => Some(DecimalMark::Comma),
            "dot" => Some(DecimalMark::Dot),
            _ => None,
        }
    }
}

/// The beginning of a file.
#[derive(Debug)]
pub(super) struct Beginning {
    pub(super) dialect: Dialect,
    /// Bytes of text before the first record.
    pub(super) length: usize,
    /// The line of the first record.
    pub(super) line: u64,
}

/// Detects the dialect from the head of the text.
pub(super) fn detect(
    dataset: &Dataset,
    compression: Compression,
    encoding: Encoding,
    head: &[u8],
) -> Result<Beginning> {
    if head.is_empty() {
        return Err(file_error(EMPTY));
    }
    let is_all = head.len() < HEAD;
    let (told, before) = told_delimiter(head)?;
    let head = head.get(before..).unwrap_or_default();
    let line = first_line(head);
    if line.contains(&0) {
        return Err(file_error("the header has a NUL character; expected column names"));
    }
    if line.trim_ascii().is_empty() {
        return Err(file_error("the first line is blank; expected a header row"));
    }
    let known = |name: &str| dataset.columns.iter().any(|c| c.source.eq_ignore_ascii_case(name));
    let count = |header: &[String]| header.iter().filter(|name| known(name)).count();
    let delimiters: &[u8] = told.as_slice();
    let delimiters = if delimiters.is_empty() { &DELIMITERS } else { delimiters };
    let (mut header, mut delimiter, mut length) = (Vec::new(), b',', line.len());
    for candidate in delimiters {
        for record in
            [Some(line), quoted_lines(head, Syntax::plain(*candidate))].into_iter().flatten()
        {
            let found = cells(record, Syntax::plain(*candidate));
            if count(&found) > count(&header) {
                (header, delimiter, length) = (found, *candidate, record.len());
            }
        }
    }
    if count(&header) == 0 {
        return Err(file_error(format!(
            "the first line is no header: it names no column of {}",
            dataset.file_stem
        )));
    }
    check_header(dataset, &header, None)?;
    let line_end = match head.get(length..) {
        Some([b'\r', b'\n', ..]) => "crlf",
        Some([b'\r', ..]) => "cr",
        _ => "lf",
    };
    let lines = line_count(head.get(..length).unwrap_or_default());
    let length = (length + if line_end == "crlf" { 2 } else { 1 }).min(head.len());
    let ignored = header.iter().filter(|name| !known(name)).cloned().collect();
    let rows = head.get(length..).unwrap_or_default();
    // The last line may be cut off, and with it a number.
    let whole = rows.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or_default();
    let rows = if is_all { rows } else { rows.get(..whole).unwrap_or_default() };
    let texts = rows.split(|byte| matches!(byte, b'\n' | b'\r'));
    let marks = decimal_marks(dataset, &header, Syntax::plain(delimiter), texts);
    let dialect = Dialect {
        compression,
        encoding,
        delimiter: char::from(delimiter).to_string(),
        terminator: None,
        line_end: line_end.to_owned(),
        decimal_mark: summary(&marks).to_owned(),
        marks,
        header,
        ignored,
        format: None,
    };
    let line = if before > 0 { 2 } else { 1 } + lines + 1;
    Ok(Beginning { dialect, length: before + length, line })
}

/// The index of a column that the file does not have, and a mapping gives.
pub(super) const ABSENT: usize = usize::MAX;

/// For each column of the dataset, its index in the header.
pub(super) fn column_indexes(
    dataset: &Dataset,
    header: &[String],
    format: Option<&Format>,
) -> Result<Vec<usize>> {
    let mut indexes = Vec::with_capacity(dataset.columns.len());
    let mut missing = Vec::new();
    for column in dataset.columns {
        match header.iter().position(|name| name.eq_ignore_ascii_case(column.source)) {
            Some(index) => indexes.push(index),
            None if format.is_some_and(|format| format.preset(column.source).is_some()) => {
                indexes.push(ABSENT);
            }
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

pub(super) fn check_header(
    dataset: &Dataset,
    header: &[String],
    format: Option<&Format>,
) -> Result<()> {
    column_indexes(dataset, header, format)?;
    for column in dataset.columns {
        if header.iter().filter(|name| name.eq_ignore_ascii_case(column.source)).count() > 1 {
            return Err(file_error(format!("the header names {} more than once", column.source)));
        }
    }
    Ok(())
}

/// For each decimal column, the mark that most of its values in these lines tell.
pub(super) fn decimal_marks<'a>(
    dataset: &Dataset,
    header: &[String],
    syntax: Syntax,
    lines: impl Iterator<Item = &'a [u8]>,
) -> BTreeMap<String, DecimalMark> {
    let decimals: Vec<(usize, &str)> = dataset
        .columns
        .iter()
        .filter(|column| matches!(column.kind, Kind::Decimal { .. }))
        .filter_map(|column| {
            let at = header.iter().position(|name| name.eq_ignore_ascii_case(column.source));
            Some((at?, column.source))
        })
        .collect();
    let mut told: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for line in lines {
        let fields = Line::split(line, syntax);
        // A line within quotes has other fields.
        let is_whole = fields.len() == header.len();
        for (at, column) in decimals.iter().filter(|_| is_whole) {
            let text = fields.get(*at).unwrap_or_default().trim_ascii();
            let digits = number::read(text, Marks::default());
            let Some(mark) = digits.ok().and_then(|digits| digits.tells) else { continue };
            let [commas, dots] = told.entry(column).or_default();
            *(if mark == DecimalMark::Comma { commas } else { dots }) += 1;
        }
    }
    let most = |[commas, dots]: [usize; 2]| match commas >= dots {
        true => DecimalMark::Comma,
        false => DecimalMark::Dot,
    };
    told.into_iter().map(|(column, counts)| (column.to_owned(), most(counts))).collect()
}

pub(super) fn summary(marks: &BTreeMap<String, DecimalMark>) -> &'static str {
    let has = |mark| marks.values().any(|known| *known == mark);
    match (has(DecimalMark::Comma), has(DecimalMark::Dot)) {
        (true, true) => "mixed",
        (true, false) => "comma",
        (false, true) => "dot",
        (false, false) => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::by_table;

    fn detected(head: &str) -> Result<(Dialect, usize)> {
        let dataset = by_table("special_offer_product").unwrap();
        let found = detect(dataset, Compression::None, Encoding::Utf8, head.as_bytes())?;
        Ok((found.dialect, found.length))
    }

    #[test]
    fn columns_may_be_in_any_order_and_case() {
        let (dialect, length) =
            detected("modifieddate;ROWGUID;productid;Extra;SpecialOfferID\r\n1;2;3;4;5\r\n")
                .unwrap();
        assert_eq!((dialect.delimiter.as_str(), dialect.line_end.as_str()), (";", "crlf"));
        assert_eq!(dialect.ignored, ["Extra"]);
        assert_eq!(length, 53);
        let (dialect, _) =
            detected("\"SpecialOfferID\"\t\"ProductID\"\trowguid\tModifiedDate\n").unwrap();
        assert_eq!((dialect.delimiter.as_str(), dialect.line_end.as_str()), ("\t", "lf"));
    }

    #[test]
    fn a_missing_or_repeated_column_is_named() {
        let error = detected("SpecialOfferID,rowguid,ModifiedDate\n").unwrap_err();
        assert!(error.message().contains("lacks ProductID"), "{error}");
        let error =
            detected("SpecialOfferID,ProductID,productid,rowguid,ModifiedDate\n").unwrap_err();
        assert!(error.message().contains("ProductID more than once"), "{error}");
    }
}
