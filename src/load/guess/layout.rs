//! What separates and quotes the fields of a text, and whether it has a header.

use crate::dataset::{self, Dataset};
use crate::load::decode::{Split, split};

/// Records that are examined.
const RECORDS: usize = 60;
/// Fields of a record; no table has nearly as many, and each of them costs time.
const MOST_FIELDS: usize = 256;
/// Delimiters to try.
pub(super) const DELIMITERS: [&str; 15] =
    ["+|", "||", "|~|", "~|~", "^|^", "|#|", "\u{1}", "\u{1f}", ";", "\t", "|", ",", "^", "~", "¦"];
/// Row terminators to try, where the text has them before its line ends.
const TERMINATORS: [&str; 3] = ["&|", "@@", "#@#"];

/// How a text is divided.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) delimiter: String,
    pub(super) terminator: Option<String>,
    pub(super) is_quoted: bool,
    /// The header, if there is one.
    pub(super) header: Option<Vec<String>>,
    /// Rows of dashes between the header and the first row.
    pub(super) ruled: usize,
    /// The rows with as many fields as most.
    pub(super) rows: Vec<Vec<String>>,
    /// The share of the records that have so many fields, in percent.
    pub(super) sure: u8,
}

impl Layout {
    /// The number of fields.
    pub(super) fn fields(&self) -> usize {
        self.rows.first().or(self.header.as_ref()).map_or(0, Vec::len)
    }
}

/// A way to divide a text: the share of records with the most frequent number of fields, in
/// percent, and that number.
struct Tried {
    delimiter: &'static str,
    terminator: Option<&'static str>,
    is_quoted: bool,
    records: Vec<Split>,
    share: usize,
    fields: usize,
}

impl Tried {
    /// More records of one shape are better, then more fields, then the longer separator:
    /// its parts divide as well.
    fn rank(&self) -> (bool, usize, usize, bool) {
        (self.share >= 80, self.fields, self.delimiter.len(), self.is_quoted)
    }
}

/// Finds the way that divides the text most evenly; `None` if none divides it into columns.
pub(super) fn layout(text: &[u8]) -> Option<Layout> {
    let terminator = TERMINATORS.into_iter().find(|end| ends_rows(text, end));
    let ways = DELIMITERS.iter().flat_map(|delimiter| {
        [true, false].map(|is_quoted| tried(text, delimiter, terminator, is_quoted))
    });
    let best = ways.filter(|way| (2..=MOST_FIELDS).contains(&way.fields)).max_by_key(Tried::rank);
    best.map(divided)
}

fn tried(
    text: &[u8],
    delimiter: &'static str,
    terminator: Option<&'static str>,
    is_quoted: bool,
) -> Tried {
    let quote = is_quoted.then_some(b'"');
    let records = split(text, delimiter, terminator, quote, RECORDS);
    let mut counts: Vec<usize> = Vec::new();
    counts
        .extend(records.iter().filter(|record| record.is_clean).map(|record| record.fields.len()));
    let often = |fields: usize| counts.iter().filter(|count| **count == fields).count();
    let fields = counts.iter().copied().max_by_key(|fields| (often(*fields), *fields));
    let fields = fields.unwrap_or_default();
    let share = 100 * often(fields) / records.len().max(1);
    Tried { delimiter, terminator, is_quoted, records, share, fields }
}

/// Whether rows end in a terminator: a line end follows it, again and again.
fn ends_rows(text: &[u8], terminator: &str) -> bool {
    let text = String::from_utf8_lossy(text);
    let ended = text.matches(&format!("{terminator}\n")).count()
        + text.matches(&format!("{terminator}\r\n")).count();
    ended > 0 && 2 * ended >= text.matches(terminator).count()
}

fn divided(tried: Tried) -> Layout {
    let Tried { delimiter, terminator, is_quoted, records, share, fields } = tried;
    let is_even = |record: &Split| record.is_clean && record.fields.len() == fields;
    let mut rows: Vec<Vec<String>> =
        records.into_iter().filter(is_even).map(|record| record.fields).collect();
    let is_header = rows.first().is_some_and(|first| is_header(first, rows.get(1)));
    let header = is_header.then(|| rows.remove(0));
    let is_rule = |row: &Vec<String>| {
        row.iter().all(|field| !field.trim().is_empty() && field.trim().chars().all(|c| c == '-'))
    };
    let ruled = usize::from(is_header && rows.first().is_some_and(is_rule));
    rows.drain(..ruled);
    Layout {
        delimiter: delimiter.to_owned(),
        terminator: terminator.map(str::to_owned),
        is_quoted,
        header,
        ruled,
        rows,
        sure: u8::try_from(share).unwrap_or(100),
    }
}

/// Whether the first record names columns: two of them are known, or none of it has a digit
/// where the next has some.
fn is_header(first: &[String], second: Option<&Vec<String>>) -> bool {
    let known = |dataset: &&Dataset| {
        let is = |name: &&String| super::columns::named(dataset, name).is_some_and(|(_, s)| s > 90);
        first.iter().filter(is).count()
    };
    if dataset::ALL.iter().map(known).max().unwrap_or_default() >= 2 {
        return true;
    }
    let has_digit = |row: &[String]| {
        row.iter().any(|field| field.trim().starts_with(|letter: char| letter.is_ascii_digit()))
    };
    !has_digit(first) && second.is_some_and(|second| has_digit(second))
}
