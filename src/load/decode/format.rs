//! How a mapping says that the files of a dataset are written. The ledger stores it with the
//! dialect of a file, so that a file is resumed, and its rejects are replayed, in the format
//! in which it was begun.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::encoding::Encoding;
use super::number::DecimalMark;
use super::quoting::Syntax;
use super::separators::{FIELD, is_single};
use crate::dataset::{Column, Dataset};
use crate::db::text;

/// How the files of a dataset are written, where that is not detected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Format {
    /// The encoding of files without a byte order mark; `None` detects UTF-8 and UTF-16.
    pub encoding: Option<Encoding>,
    /// The delimiters to try; none are those of plain files.
    pub delimiters: Vec<String>,
    /// The row terminators to try; none is any line end.
    pub terminators: Vec<String>,
    /// What quotes a field; `None` if quotes are text.
    pub quote: Option<char>,
    /// Whether there is a header.
    pub header: bool,
    /// Rows before the header, or before the first row.
    pub skip: usize,
    /// Rows between the header and the first row.
    pub skip_after_header: usize,
    /// Lines with another number of fields that are no rows; `*` stands for any text.
    pub footers: Vec<String>,
    /// The columns of a file without a header, in their order; an empty name is ignored.
    pub columns: Vec<String>,
    /// From names in the header to those of the dataset.
    pub names: BTreeMap<String, String>,
    /// Whether names fit whatever blanks, hyphens and underscores they have, and as in Postgres.
    pub loose_names: bool,
    /// The values of columns that are the same in every row.
    pub constants: BTreeMap<String, String>,
    /// The values of columns where a row has none.
    pub defaults: BTreeMap<String, String>,
    /// What means null; `None` is what does in plain files.
    pub nulls: Option<Vec<String>>,
    /// What means the empty text.
    #[serde(with = "escaped")]
    pub empties: Vec<String>,
    /// Whether a quoted null token is null all the same.
    pub null_in_quotes: bool,
    /// Whether blanks at the end of texts are padding.
    pub trim: bool,
    /// The decimal mark; `None` detects it.
    pub decimal: Option<DecimalMark>,
    /// What groups digits; a number has one of them.
    pub groups: Vec<String>,
    /// Patterns of times such as `dd.MM.yyyy HH:mm:ss`; none is ISO 8601.
    pub dates: Vec<String>,
    /// Words for true besides `1` and `true`.
    pub yes: Vec<String>,
    /// Words for false besides `0` and `false`.
    pub no: Vec<String>,
    /// Whether whole numbers may be written with decimals that are zero.
    pub whole_decimals: bool,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            encoding: None,
            delimiters: Vec::new(),
            terminators: Vec::new(),
            quote: Some('"'),
            header: true,
            skip: 0,
            skip_after_header: 0,
            footers: Vec::new(),
            columns: Vec::new(),
            names: BTreeMap::new(),
            constants: BTreeMap::new(),
            defaults: BTreeMap::new(),
            nulls: None,
            empties: Vec::new(),
            null_in_quotes: true,
            trim: false,
            decimal: None,
            groups: Vec::new(),
            loose_names: false,
            dates: Vec::new(),
            yes: Vec::new(),
            no: Vec::new(),
            whole_decimals: false,
        }
    }
}

impl Format {
    /// What delimits and quotes fields once longer separators are replaced.
    pub(super) fn syntax(&self, delimiter: &str) -> Syntax {
        let single = delimiter.bytes().next().filter(|_| is_single(delimiter));
        let quote = self.quote.and_then(|quote| u8::try_from(quote).ok());
        Syntax { delimiter: single.unwrap_or(FIELD), quote }
    }

    /// The dataset's name of a column that the header calls `name`; empty if its values are
    /// not used.
    pub(super) fn column(&self, dataset: &Dataset, name: &str) -> String {
        let loose = |name: &str| {
            let is = |column: &&Column| {
                letters(column.source).eq(letters(name)) || letters(column.name).eq(letters(name))
            };
            dataset.columns.iter().find(is).map(|column| column.source)
        };
        let told = value_of(&self.names, name);
        let told = told.or_else(|| if self.loose_names { loose(name) } else { None });
        let name = told.unwrap_or(name);
        if value_of(&self.constants, name).is_some() { String::new() } else { name.to_owned() }
    }

    /// The text that a column has in every row, or in those that have none.
    pub(super) fn preset(&self, column: &str) -> Option<&str> {
        value_of(&self.constants, column).or_else(|| value_of(&self.defaults, column))
    }
}

/// Texts with NUL characters, which Postgres' JSON cannot hold.
mod escaped {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(texts: &[String], to: S) -> Result<S::Ok, S::Error> {
        let escaped = texts.iter().map(|text| text.replace('\\', "\\\\").replace('\0', "\\0"));
        escaped.collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
        let plain = |text: String| {
            let parts: Vec<String> =
                text.split("\\\\").map(|part| part.replace("\\0", "\0")).collect();
            parts.join("\\")
        };
        Ok(Vec::<String>::deserialize(from)?.into_iter().map(plain).collect())
    }
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Columns are called the same in any case, and however their accents are spelled.
fn value_of<'a>(of: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    let name = text::normalized(name);
    let is = |key: &str| text::normalized(key).eq_ignore_ascii_case(&name);
    of.iter().find(|(key, _)| is(key)).map(|(_, value)| value.as_str())
}

/// Whether a text fits a pattern, in which `*` stands for any text and `?` for one character;
/// letters fit in either case.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().flat_map(char::to_lowercase).collect();
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let (mut at, mut in_text, mut star) = (0, 0, None);
    while in_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || Some(wanted) == text.get(in_text) => {
                at += 1;
                in_text += 1;
            }
            // The last star takes one character more.
            _ => match star {
                Some((from, taken)) => {
                    star = Some((from, taken + 1));
                    at = from + 1;
                    in_text = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_whole_texts_in_either_case() {
        for (pattern, text, expected) in [
            ("Person.csv", "person.CSV", true),
            ("Person.csv", "Person.csv.gz", false),
            ("Order*.csv", "Orders-2014.csv", true),
            ("*lines*.txt", "order-lines.lines.txt", true),
            ("(* rows affected)", "(121317 rows affected)", true),
            ("(* rows affected)", "(121317 rows affected", false),
            ("a?c", "aÄc", true),
            ("*", "", true),
            ("?", "", false),
            ("a*b*c", "a-b-b-d", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_the_ledger_stores_is_read_again() {
        let mut format = Format { quote: None, ..Format::default() };
        format.names.insert("Vorname".to_owned(), "FirstName".to_owned());
        format.empties = ["\0", "\\0", "\\\\\0", "a"].map(str::to_owned).to_vec();
        let stored = serde_json::to_string(&format).unwrap();
        assert!(!stored.contains("u0000"), "Postgres refuses it: {stored}");
        assert_eq!(serde_json::from_str::<Format>(&stored).unwrap(), format);
        assert_eq!(serde_json::from_str::<Format>("{}").unwrap(), Format::default());
    }
}
