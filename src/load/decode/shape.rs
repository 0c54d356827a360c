//! What tells a record of a file: as many fields as the header has, and a valid key. A line
//! within a quoted field that is so shaped is most likely a record that a stray quote has
//! swallowed.

use csv_core::ReadRecordResult;

use super::number::Marks;
use super::quoting::{Quoting, Syntax, quoting};
use super::value;
use crate::dataset::{Column, Dataset};

/// The shape of the records of a file.
#[derive(Debug)]
pub(super) struct Shape {
    syntax: Syntax,
    fields: usize,
    /// The columns of the key, each with its place in the header.
    key: Vec<(usize, &'static Column)>,
}

/// What a line within a quoted field is most likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// A record, or the beginning of one.
    Record,
    /// Either.
    Doubtful,
    /// Text.
    Text,
}

impl Shape {
    /// `indexes` are the places of the dataset's columns in the header.
    pub(super) fn new(
        dataset: &'static Dataset,
        indexes: &[usize],
        syntax: Syntax,
        fields: usize,
    ) -> Self {
        let key = dataset.key.iter().filter_map(|name| {
            let at = dataset.column_index(name)?;
            Some((*indexes.get(at)?, dataset.columns.get(at)?))
        });
        Self { syntax, fields, key: key.collect() }
    }

    pub(super) fn of(&self, line: &[u8]) -> Likeness {
        let fields = Line::split(line, self.syntax);
        let is_valid = |(index, column): &(usize, &Column)| {
            fields
                .get(*index)
                .is_some_and(|text| value::convert(column, text, &mut Marks::default()).is_ok())
        };
        let (found, has_key) = (fields.len(), self.key.iter().all(is_valid));
        let begins = || found < self.fields && quoting(line, self.syntax) == Quoting::Open;
        if has_key && (found == self.fields || begins()) {
            Likeness::Record
        } else if found == self.fields || (has_key && 2 * found >= self.fields) {
            Likeness::Doubtful
        } else {
            Likeness::Text
        }
    }
}

/// The fields of a text that is one record, unquoted.
#[derive(Debug)]
pub(super) struct Line {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Line {
    pub(super) fn split(line: &[u8], syntax: Syntax) -> Self {
        let (mut bytes, mut ends) = (vec![0; line.len() + 1], vec![0; line.len() + 2]);
        let mut csv = syntax.parser().build();
        let (_, _, written, ended) = csv.read_record(line, &mut bytes, &mut ends);
        let rest = bytes.get_mut(written..).unwrap_or_default();
        let more = match csv.read_record(&[], rest, ends.get_mut(ended..).unwrap_or_default()) {
            (ReadRecordResult::Record, _, _, more) => more,
            _ => 0,
        };
        ends.truncate(ended + more);
        Self { bytes, ends }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.bytes.get(start..*self.ends.get(index)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}
