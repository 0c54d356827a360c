//! Bad rows: which kinds there are, where they go among the good rows, and the
//! list of what was planted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use serde::Serialize;

use crate::error::{Error, Result};

use super::draw::{Draw, Stream};
use super::output::Target;
use super::plan::{Plan, bad_rows};

/// The list of bad rows, one JSON object a line.
pub(super) const MANIFEST: &str = "defects.jsonl";

/// A file: path below the target, header, and the bad rows it can have.
#[derive(Debug)]
pub(super) struct FileKind {
    pub(super) path: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) defects: &'static [Kind],
}

/// One way to spoil a row.
#[derive(Debug)]
pub(super) struct Kind {
    /// The reason code under which the row is expected to be rejected.
    pub(super) reason: &'static str,
    edit: Edit,
}

#[derive(Debug)]
enum Edit {
    /// Columns get these bytes; the first is the one at fault, the others keep
    /// the rest of the row consistent.
    Set(&'static [(&'static str, &'static [u8])]),
    /// The column refers to something that does not exist.
    Orphan(&'static str, u64),
    TooFew,
    TooMany,
    /// A quote opens in the column and never closes.
    Unquoted(&'static str),
}

pub(super) const fn set(
    reason: &'static str,
    changes: &'static [(&'static str, &'static [u8])],
) -> Kind {
    Kind { reason, edit: Edit::Set(changes) }
}

pub(super) const fn orphan(column: &'static str, first_id: u64) -> Kind {
    Kind { reason: "missing_parent", edit: Edit::Orphan(column, first_id) }
}

pub(super) const fn too_few() -> Kind {
    Kind { reason: "field_count", edit: Edit::TooFew }
}

pub(super) const fn too_many() -> Kind {
    Kind { reason: "field_count", edit: Edit::TooMany }
}

pub(super) const fn unquoted(column: &'static str) -> Kind {
    Kind { reason: "unbalanced_quote", edit: Edit::Unquoted(column) }
}

impl Kind {
    /// The column at fault; empty where it is the whole record.
    fn column(&self) -> &'static str {
        match self.edit {
            Edit::Set(changes) => changes.first().map_or("", |(column, _)| column),
            Edit::Orphan(column, _) => column,
            Edit::TooFew | Edit::TooMany | Edit::Unquoted(_) => "",
        }
    }

    fn apply(&self, columns: &[&str], fields: &mut Vec<Vec<u8>>, number: u64) {
        let mut change = |name: &str, edit: &dyn Fn(&mut Vec<u8>)| {
            let place = columns.iter().position(|column| *column == name);
            if let Some(field) = place.and_then(|place| fields.get_mut(place)) {
                edit(field);
            }
        };
        match self.edit {
            Edit::Set(changes) => {
                for (column, value) in changes {
                    change(column, &|field| *field = value.to_vec());
                }
            }
            Edit::Orphan(column, first_id) => {
                change(column, &|field| *field = (first_id + number).to_string().into_bytes());
            }
            Edit::Unquoted(column) => change(column, &|field| {
                if field.starts_with(b"\"") {
                    field.pop();
                } else {
                    field.insert(0, b'"');
                }
            }),
            Edit::TooFew => fields.truncate(columns.len().saturating_sub(2)),
            Edit::TooMany => fields.push(b"surplus".to_vec()),
        }
    }
}

/// Where the bad rows of a file go: one at a random place of each of as many
/// equal stretches of good rows as there are bad ones.
#[derive(Debug)]
pub(super) struct Planting {
    seed: u64,
    file: &'static FileKind,
    good: u64,
    bad: u64,
    next: u64,
    next_before: u64,
}

impl Planting {
    pub(super) fn new(plan: &Plan, file: &'static FileKind, good: u64) -> Self {
        let bad = bad_rows(good, plan.defects);
        let mut planting = Self { seed: plan.seed, file, good, bad, next: 0, next_before: 0 };
        planting.place();
        planting
    }

    pub(super) const fn rows(&self) -> u64 {
        self.good + self.bad
    }

    /// The number of the bad row that comes before this good one.
    pub(super) const fn due(&self, good_row: u64) -> Option<u64> {
        if self.next < self.bad && self.next_before <= good_row { Some(self.next) } else { None }
    }

    /// Writes the next bad row, made of a good one.
    pub(super) fn plant(&mut self, base: &[u8], out: &mut Vec<u8>) -> &'static Kind {
        let kinds = self.file.defects;
        let count = u64::try_from(kinds.len()).unwrap_or(1).max(1);
        let place = usize::try_from(self.next % count).unwrap_or_default();
        let kind = kinds.get(place).unwrap_or(&NO_KIND);
        let mut fields = split(base);
        kind.apply(self.file.columns, &mut fields, self.next);
        out.extend_from_slice(&fields.join(&b';'));
        self.next += 1;
        self.place();
        kind
    }

    fn place(&mut self) {
        let file =
            self.file.path.bytes().fold(0, |sum: u64, byte| sum.rotate_left(7) ^ u64::from(byte));
        let mut draw = Draw::new(self.seed ^ file, Stream::Defect, self.next);
        let bad = self.bad.max(1);
        let (from, to) = (self.next * self.good / bad, (self.next + 1) * self.good / bad);
        self.next_before = from + draw.below(to - from);
    }
}

/// Only for a file without kinds of its own, which none is.
static NO_KIND: Kind = too_many();

/// The encoded fields of a record.
fn split(record: &[u8]) -> Vec<Vec<u8>> {
    let mut quoted = false;
    record
        .split(|byte| {
            quoted ^= *byte == b'"';
            *byte == b';' && !quoted
        })
        .map(<[u8]>::to_vec)
        .collect()
}

/// The list of planted rows, and how many there are by reason.
pub(super) struct Manifest {
    file: Option<BufWriter<File>>,
    reasons: BTreeMap<&'static str, u64>,
}

/// A line of the list. `raw` is the record without its line end; where that is
/// not UTF-8 it has replacement characters, and `offset` and `length` (in bytes)
/// lead to the original.
#[derive(Serialize)]
struct Planted<'a> {
    file: &'a str,
    line: u64,
    offset: u64,
    length: usize,
    column: &'a str,
    reason: &'a str,
    raw: &'a str,
}

impl Manifest {
    /// Opens the list if there will be bad rows.
    pub(super) fn open(target: &mut Target, wanted: bool) -> Result<Self> {
        let file = if wanted { Some(target.create(MANIFEST)?) } else { None };
        Ok(Self { file, reasons: BTreeMap::new() })
    }

    pub(super) fn add(
        &mut self,
        file: &FileKind,
        kind: &Kind,
        line: u64,
        offset: u64,
        raw: &[u8],
    ) -> Result<()> {
        *self.reasons.entry(kind.reason).or_default() += 1;
        let Some(out) = &mut self.file else { return Ok(()) };
        let planted = Planted {
            file: file.path,
            line,
            offset,
            length: raw.len(),
            column: kind.column(),
            reason: kind.reason,
            raw: &String::from_utf8_lossy(raw),
        };
        serde_json::to_writer(&mut *out, &planted)
            .map_err(|error| cannot_list().with_source(error))?;
        out.write_all(b"\n").map_err(|error| cannot_list().with_source(error))
    }

    /// Completes the list; says how many rows were planted by reason.
    pub(super) fn finish(self) -> Result<Vec<(String, u64)>> {
        if let Some(mut file) = self.file {
            file.flush().map_err(|error| cannot_list().with_source(error))?;
        }
        Ok(self.reasons.into_iter().map(|(reason, rows)| (reason.to_owned(), rows)).collect())
    }
}

fn cannot_list() -> Error {
    Error::internal(format!("cannot write {MANIFEST}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::kinds::FILES;
    use super::*;

    #[test]
    fn fields_split_outside_of_quotes_only() {
        let fields = split(b"1;\"a;\"\"b\"\";c\";;NULL");
        assert_eq!(fields, [&b"1"[..], b"\"a;\"\"b\"\";c\"", b"", b"NULL"]);
    }

    #[test]
    fn every_kind_names_columns_of_its_file() {
        for file in FILES {
            for kind in file.defects {
                let columns: Vec<&str> = match kind.edit {
                    Edit::Set(changes) => changes.iter().map(|(column, _)| *column).collect(),
                    Edit::Orphan(column, _) | Edit::Unquoted(column) => vec![column],
                    Edit::TooFew | Edit::TooMany => Vec::new(),
                };
                for column in columns {
                    assert!(file.columns.contains(&column), "{}: {column}", file.path);
                }
            }
        }
    }

    #[test]
    fn every_reason_is_planted_somewhere() {
        let reasons: BTreeSet<_> =
            FILES.iter().flat_map(|file| file.defects).map(|kind| kind.reason).collect();
        assert_eq!(reasons.len(), 15, "{reasons:?}");
    }
}
