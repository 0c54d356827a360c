//! Invalid rows: the defects of a file, their positions among the valid rows, and the
//! list of planted rows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use serde::Serialize;

use crate::error::{Error, Result};

use super::draw::{Draw, Stream};
use super::plan::{Plan, bad_rows};
use super::target::Target;

/// The list of invalid rows, one JSON object per line.
pub(super) const MANIFEST: &str = "defects.jsonl";

/// A file: path below the target, header, and possible defects.
#[derive(Debug)]
pub(super) struct FileSpec {
    pub(super) path: &'static str,
    pub(super) header: &'static str,
    pub(super) defects: &'static [Defect],
}

impl FileSpec {
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.header.split(';')
    }
}

/// A way to spoil a row.
#[derive(Debug)]
pub(super) struct Defect {
    /// The reason code with which the row must be rejected.
    pub(super) reason: &'static str,
    edit: Edit,
}

#[derive(Debug)]
enum Edit {
    /// Columns get these bytes; the first is invalid, the others keep the row
    /// consistent.
    Set(&'static [(&'static str, &'static [u8])]),
    /// The column refers to a row that does not exist.
    Orphan(&'static str, u64),
    TooFew,
    TooMany,
    /// The column opens a quote and does not close it.
    Unquoted(&'static str),
}

pub(super) const fn set(
    reason: &'static str,
    changes: &'static [(&'static str, &'static [u8])],
) -> Defect {
    Defect { reason, edit: Edit::Set(changes) }
}

pub(super) const fn orphan(column: &'static str, first_id: u64) -> Defect {
    Defect { reason: "missing_parent", edit: Edit::Orphan(column, first_id) }
}

pub(super) const fn too_few() -> Defect {
    Defect { reason: "field_count", edit: Edit::TooFew }
}

pub(super) const fn too_many() -> Defect {
    Defect { reason: "field_count", edit: Edit::TooMany }
}

pub(super) const fn unquoted(column: &'static str) -> Defect {
    Defect { reason: "unbalanced_quote", edit: Edit::Unquoted(column) }
}

impl Defect {
    /// The invalid column; empty if it is the whole record.
    fn column(&self) -> &'static str {
        match self.edit {
            Edit::Set(changes) => changes.first().map_or("", |(column, _)| column),
            Edit::Orphan(column, _) => column,
            Edit::TooFew | Edit::TooMany | Edit::Unquoted(_) => "",
        }
    }

    fn apply(&self, file: &FileSpec, fields: &mut Vec<Vec<u8>>, number: u64) {
        let mut change = |name: &str, edit: &dyn Fn(&mut Vec<u8>)| {
            let at = file.columns().position(|column| column == name);
            if let Some(field) = at.and_then(|at| fields.get_mut(at)) {
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
            Edit::TooFew => fields.truncate(file.columns().count().saturating_sub(2)),
            Edit::TooMany => fields.push(b"surplus".to_vec()),
        }
    }
}

/// The positions of the invalid rows of a file: one at random within each of as many
/// equal ranges of valid rows.
#[derive(Debug)]
pub(super) struct Planting {
    seed: u64,
    file: &'static FileSpec,
    good: u64,
    bad: u64,
    next: u64,
    next_before: u64,
}

impl Planting {
    pub(super) fn new(plan: &Plan, file: &'static FileSpec, good: u64) -> Self {
        let bad = bad_rows(good, plan.defects);
        let mut planting = Self { seed: plan.seed, file, good, bad, next: 0, next_before: 0 };
        planting.place();
        planting
    }

    pub(super) const fn rows(&self) -> u64 {
        self.good + self.bad
    }

    /// The number of the invalid row before this valid one, if any.
    pub(super) const fn due(&self, good_row: u64) -> Option<u64> {
        if self.next < self.bad && self.next_before <= good_row { Some(self.next) } else { None }
    }

    /// The next invalid row and its defect, from an encoded valid row.
    pub(super) fn plant(&mut self, base: &[u8]) -> (&'static Defect, Vec<u8>) {
        let defects = self.file.defects;
        let count = u64::try_from(defects.len()).unwrap_or(1).max(1);
        let at = usize::try_from(self.next % count).unwrap_or_default();
        let defect = defects.get(at).unwrap_or(&FALLBACK);
        let mut fields = split(base);
        defect.apply(self.file, &mut fields, self.next);
        self.next += 1;
        self.place();
        (defect, fields.join(&b';'))
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

/// For a file without defects; there is none.
static FALLBACK: Defect = too_many();

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

/// The list of planted rows, and their number by reason.
pub(super) struct Manifest {
    file: Option<BufWriter<File>>,
    reasons: BTreeMap<&'static str, u64>,
}

/// A line of the list. `raw` is the record without its line end, with replacement
/// characters if it is not UTF-8; `offset` and `length` in bytes locate the original.
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
    /// Creates the list if there will be invalid rows.
    pub(super) fn open(target: &mut Target, wanted: bool) -> Result<Self> {
        let file = if wanted { Some(target.create(MANIFEST)?) } else { None };
        Ok(Self { file, reasons: BTreeMap::new() })
    }

    pub(super) fn add(
        &mut self,
        file: &FileSpec,
        defect: &Defect,
        line: u64,
        offset: u64,
        raw: &[u8],
    ) -> Result<()> {
        *self.reasons.entry(defect.reason).or_default() += 1;
        let Some(out) = &mut self.file else { return Ok(()) };
        let planted = Planted {
            file: file.path,
            line,
            offset,
            length: raw.len(),
            column: defect.column(),
            reason: defect.reason,
            raw: &String::from_utf8_lossy(raw),
        };
        serde_json::to_writer(&mut *out, &planted)
            .map_err(|error| cannot_list().with_source(error))?;
        out.write_all(b"\n").map_err(|error| cannot_list().with_source(error))
    }

    /// Completes the list; returns the number of rows by reason.
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

    use super::super::files::FILES;
    use super::*;

    #[test]
    fn quoted_delimiters_do_not_split_fields() {
        let fields = split(b"1;\"a;\"\"b\"\";c\";;NULL");
        assert_eq!(fields, [&b"1"[..], b"\"a;\"\"b\"\";c\"", b"", b"NULL"]);
    }

    #[test]
    fn every_defect_names_columns_of_its_file() {
        for file in FILES {
            for defect in file.defects {
                let columns: Vec<&str> = match defect.edit {
                    Edit::Set(changes) => changes.iter().map(|(column, _)| *column).collect(),
                    Edit::Orphan(column, _) | Edit::Unquoted(column) => vec![column],
                    Edit::TooFew | Edit::TooMany => Vec::new(),
                };
                for column in columns {
                    assert!(file.columns().any(|known| known == column), "{}: {column}", file.path);
                }
            }
        }
    }

    #[test]
    fn every_reason_is_planted_somewhere() {
        let reasons: BTreeSet<_> =
            FILES.iter().flat_map(|file| file.defects).map(|defect| defect.reason).collect();
        assert_eq!(reasons.len(), 15, "{reasons:?}");
    }
}
