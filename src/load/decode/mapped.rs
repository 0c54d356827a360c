//! The beginning of a file whose format a mapping gives: where its rows begin, which of the
//! delimiters it has, and which column each field is.

use std::collections::BTreeMap;

use super::dialect::{self, Beginning, Dialect, HEAD};
use super::encoding::{Compression, Encoding};
use super::format::Format;
use super::header::{
    DELIMITERS, cells, file_error, first_line, line_count, quoted_lines, told_delimiter,
};
use super::number::DecimalMark;
use super::separators::{RECORD, Separators};
use crate::dataset::{Dataset, Kind};
use crate::error::Result;

/// A delimiter and a row terminator that a file may have.
#[derive(Debug, Clone)]
struct Candidate {
    delimiter: String,
    terminator: Option<String>,
}

/// How a file begins if it has a candidate's separators.
#[derive(Debug)]
struct Start {
    /// The dataset's names of the columns; empty where a field is not used.
    header: Vec<String>,
    /// The names as written, of a file with a header.
    written: Vec<String>,
    /// Fields of the first row of a file without a header, if it is known.
    fields: Option<usize>,
    /// Bytes before the first row, with the separators replaced.
    length: usize,
}

impl Candidate {
    fn separators(&self) -> Option<Separators> {
        Separators::of(&self.delimiter, self.terminator.as_deref())
    }

    fn start(&self, dataset: &Dataset, format: &Format, text: &[u8]) -> Start {
        let syntax = format.syntax(&self.delimiter);
        let is_marked = self.terminator.is_some();
        let mut length = 0;
        let rest = |from: usize| text.get(from..).unwrap_or_default();
        for _ in 0..format.skip {
            length += row(rest(length), is_marked).1;
        }
        length += blanks(rest(length));
        if !format.header {
            let (first, whole) = row(rest(length), is_marked);
            let is_known = whole > first.len() || text.len() < HEAD;
            let first = quoted_lines(rest(length), syntax).filter(|_| !is_marked).unwrap_or(first);
            let fields = is_known.then(|| cells(first, syntax).len());
            let header = format.columns.iter().map(|name| format.column(dataset, name)).collect();
            return Start { header, written: Vec::new(), fields, length };
        }
        let (mut header, mut whole) = row(rest(length), is_marked);
        if let Some(lines) = quoted_lines(rest(length), syntax).filter(|_| !is_marked) {
            let end = rest(length + lines.len());
            (header, whole) = (lines, lines.len() + row(end, false).1);
        }
        length += whole;
        for _ in 0..format.skip_after_header {
            length += blanks(rest(length));
            length += row(rest(length), is_marked).1;
        }
        let written = cells(header, syntax);
        let header = written.iter().map(|name| format.column(dataset, name)).collect();
        Start { header, written, fields: None, length }
    }
}

/// Detects what the mapping leaves open from the head of the text.
pub(super) fn detect(
    dataset: &Dataset,
    compression: Compression,
    encoding: Encoding,
    head: &[u8],
    format: &Format,
) -> Result<Beginning> {
    if head.is_empty() {
        return Err(file_error("the file is empty; expected rows"));
    }
    let (told, before) = if format.header { told_delimiter(head)? } else { (None, 0) };
    let text = head.get(before..).unwrap_or_default();
    let known = |header: &[String]| {
        let is_known = |name: &&String| {
            dataset.columns.iter().any(|column| column.source.eq_ignore_ascii_case(name))
        };
        header.iter().filter(is_known).count()
    };
    let mut best: Option<(usize, Candidate, Start, Vec<u8>)> = None;
    for candidate in candidates(format, told, text) {
        let replaced = match candidate.separators() {
            Some(separators) => separators.replace_in(text),
            None => text.to_vec(),
        };
        let start = candidate.start(dataset, format, &replaced);
        let fits = match start.fields {
            Some(fields) => usize::from(fields == format.columns.len()),
            None => known(&start.header),
        };
        if best.as_ref().is_none_or(|(most, ..)| fits > *most) {
            best = Some((fits, candidate, start, replaced));
        }
    }
    let Some((fits, candidate, start, replaced)) = best else {
        return Err(file_error("the mapping names no delimiter"));
    };
    if head.len() >= HEAD && start.length >= replaced.len() {
        return Err(file_error(format!(
            "the rows to skip and the header are longer than {} KiB; a row may end in another \
             way than the mapping says",
            HEAD / 1024
        )));
    }
    check(dataset, format, &candidate, &start, fits)?;
    let done = replaced.get(..start.length).unwrap_or_default();
    let done = match candidate.separators() {
        Some(separators) => separators.restore(done).into_owned(),
        None => done.to_vec(),
    };
    let rows = replaced.get(start.length..).unwrap_or_default();
    let ignored = start.written.iter().zip(&start.header).filter(|(_, name)| {
        dataset.columns.iter().all(|column| !column.source.eq_ignore_ascii_case(name))
    });
    let ignored = ignored.map(|(written, _)| written.clone()).collect();
    let marks = marks(dataset, format, &candidate, &start.header, rows, head.len() < HEAD);
    let dialect = Dialect {
        compression,
        encoding,
        line_end: line_end(text).to_owned(),
        decimal_mark: dialect::summary(&marks).to_owned(),
        marks,
        header: start.header,
        ignored,
        delimiter: candidate.delimiter,
        terminator: candidate.terminator,
        format: Some(Box::new(format.clone())),
    };
    let length = before + done.len();
    let lines = line_count(head.get(..length).unwrap_or_default());
    // Without line ends, rows count as lines.
    let rows = match dialect.terminator {
        Some(_) if format.header => format.skip + 1 + format.skip_after_header,
        Some(_) => format.skip,
        None => 0,
    };
    Ok(Beginning { dialect, length, line: 1 + lines.max(rows as u64) })
}

fn check(
    dataset: &Dataset,
    format: &Format,
    candidate: &Candidate,
    start: &Start,
    fits: usize,
) -> Result<()> {
    if let Some(fields) = start.fields.filter(|fields| *fields != format.columns.len()) {
        return Err(file_error(format!(
            "the first row has {fields} fields between {:?}, but the mapping names {} columns of \
             {}; `salesgraph map` shows what the file has",
            candidate.delimiter,
            format.columns.len(),
            dataset.file_stem,
        )));
    }
    if start.written.iter().any(|name| name.contains('\0')) {
        return Err(file_error("the header has a NUL character; expected column names"));
    }
    if format.header && fits == 0 {
        return Err(file_error(format!(
            "the first row is no header: it names no column of {}, found {}; a file without one \
             needs a mapping with `header = false` and `columns`",
            dataset.file_stem,
            start.written.join(", "),
        )));
    }
    dialect::check_header(dataset, &start.header, Some(format))
}

/// The separators to try: the terminators that the text has, then line ends.
fn candidates(format: &Format, told: Option<u8>, text: &[u8]) -> Vec<Candidate> {
    let delimiters: Vec<String> = match told {
        Some(told) => vec![char::from(told).to_string()],
        None if format.delimiters.is_empty() => {
            DELIMITERS.iter().map(|byte| char::from(*byte).to_string()).collect()
        }
        None => format.delimiters.clone(),
    };
    let has = |separator: &str| memchr::memmem::find(text, separator.as_bytes()).is_some();
    let mut terminators: Vec<Option<String>> =
        format.terminators.iter().filter(|end| has(end)).cloned().map(Some).collect();
    terminators.push(None);
    let with = |terminator: &Option<String>| {
        let terminator = terminator.clone();
        delimiters
            .iter()
            .map(move |delimiter| Candidate {
                delimiter: delimiter.clone(),
                terminator: terminator.clone(),
            })
            .collect::<Vec<_>>()
    };
    terminators.iter().flat_map(with).collect()
}

/// The first row without its end, and its length with it.
fn row(text: &[u8], is_marked: bool) -> (&[u8], usize) {
    if is_marked {
        let row = text.split(|byte| *byte == RECORD).next().unwrap_or_default();
        let end = (row.len() + 1).min(text.len());
        return (row, end + line_break(text.get(end..).unwrap_or_default()));
    }
    let row = first_line(text);
    (row, row.len() + line_break(text.get(row.len()..).unwrap_or_default()))
}

/// The length of a line end that begins the text.
fn line_break(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// The length of the blank lines that begin the text.
fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

fn line_end(text: &[u8]) -> &'static str {
    match text.get(first_line(text).len()..) {
        Some([b'\r', b'\n', ..]) => "crlf",
        Some([b'\r', ..]) => "cr",
        _ => "lf",
    }
}

/// The decimal mark of each column: the mapping's, or what the first rows tell.
fn marks(
    dataset: &Dataset,
    format: &Format,
    candidate: &Candidate,
    header: &[String],
    rows: &[u8],
    is_all: bool,
) -> BTreeMap<String, DecimalMark> {
    if let Some(mark) = format.decimal {
        let decimals =
            dataset.columns.iter().filter(|column| matches!(column.kind, Kind::Decimal { .. }));
        return decimals.map(|column| (column.source.to_owned(), mark)).collect();
    }
    let is_end = |byte: &u8| match candidate.terminator {
        Some(_) => *byte == RECORD,
        None => matches!(byte, b'\r' | b'\n'),
    };
    let whole = if is_all { rows.len() } else { rows.iter().rposition(is_end).unwrap_or_default() };
    let lines = rows.get(..whole).unwrap_or_default().split(is_end);
    // After a terminator there may be a line end.
    let lines = lines.map(<[u8]>::trim_ascii_start);
    dialect::decimal_marks(dataset, header, format.syntax(&candidate.delimiter), lines)
}
