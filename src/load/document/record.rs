//! The values of one record: of the members of an object, those that are columns of a dataset.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::value;
use crate::catalog::{self, Enumeration};
use crate::dataset::{self, Dataset, Kind};
use crate::load::rejects::reason::{Fault, Reason};

/// Names of members that are kept of those that are no columns.
const MAX_IGNORED: usize = 100;
const MAX_IGNORED_CHARACTERS: usize = 100;

/// A dataset whose columns are members of objects.
pub(super) struct Record {
    pub(super) dataset: &'static Dataset,
    columns: Vec<Member>,
}

struct Member {
    /// As the API calls the column.
    name: String,
    /// As a file of rows does.
    source: &'static str,
    kind: Kind,
    codes: Option<&'static Enumeration>,
}

/// What is wrong with a record: the reason, and the member at fault.
pub(super) type Wrong = (Fault, Option<String>);

/// The members of an object that are columns, in the order of these.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    values: Vec<Option<&'a RawValue>>,
    /// Names that were there twice.
    twice: Vec<String>,
}

/// Members that are no columns, as JSON pointers with `*` for the number of a line.
#[derive(Debug, Default)]
pub(super) struct Ignored(BTreeSet<String>);

impl Ignored {
    pub(super) fn add(&mut self, prefix: &str, name: &str) {
        if self.0.len() >= MAX_IGNORED {
            return;
        }
        let short: String = name.chars().take(MAX_IGNORED_CHARACTERS).collect();
        let pointer = format!("{prefix}{}", pointer(&short.replace('\0', "\u{fffd}")));
        if !self.0.contains(&pointer) {
            self.0.insert(pointer);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
}

/// A name as a step of a JSON pointer.
pub(super) fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Record {
    pub(super) fn of(table: &str) -> Option<Self> {
        let dataset = dataset::by_table(table)?;
        let table = catalog::tables().find(|table| table.name == dataset.table)?;
        let member = |column: &dataset::Column| {
            let known = table.column(column.name)?;
            let (source, kind) = (column.source, column.kind);
            Some(Member { name: known.api_name(), source, kind, codes: known.codes })
        };
        Some(Self { dataset, columns: dataset.columns.iter().filter_map(member).collect() })
    }

    /// The place of a column by the name of its member.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    pub(super) fn members<'a>(&self) -> Members<'a> {
        Members { values: vec![None; self.columns.len()], twice: Vec::new() }
    }

    /// The text of each column's value. `given` is the value of one of them that may be absent.
    ///
    /// # Errors
    /// The first fault in the order of the columns.
    pub(super) fn cells<'a>(
        &self,
        members: &Members<'a>,
        given: Option<(usize, &'a str)>,
    ) -> Result<Vec<Option<Cow<'a, [u8]>>>, Wrong> {
        if let Some(name) = members.twice.first() {
            let message = "the object has this member twice".to_owned();
            let fault = Fault { column: None, reason: Reason::DuplicateMember, message };
            return Err((fault, Some(name.clone())));
        }
        let mut cells = Vec::with_capacity(self.columns.len());
        for (at, (column, value)) in self.columns.iter().zip(&members.values).enumerate() {
            let text = match value {
                Some(value) => value::text(value, column.kind, column.codes),
                None => Ok(None),
            };
            let text = text.map_err(|(reason, message)| {
                let fault = Fault { column: Some(column.source), reason, message };
                (fault, Some(column.name.clone()))
            })?;
            let given = given.filter(|(place, _)| *place == at).map(|(_, text)| text.as_bytes());
            if let (Some(given), Some(own)) = (given, &text)
                && number(given) != number(own)
            {
                let given = String::from_utf8_lossy(given);
                let message = format!("expected that of the order, {given}, or none");
                let source = Some(column.source);
                let fault = Fault { column: source, reason: Reason::CheckFailed, message };
                return Err((fault, Some(column.name.clone())));
            }
            cells.push(text.or(given.map(Cow::Borrowed)));
        }
        Ok(cells)
    }

    /// The member of a column that a fault names as files of rows do.
    pub(super) fn member_at_fault(&self, fault: &Fault) -> Option<String> {
        let source = fault.column?;
        let column = self.columns.iter().find(|column| column.source == source)?;
        Some(column.name.clone())
    }

    /// The value of a key, if the object has a valid one.
    pub(super) fn key(&self, members: &Members<'_>, place: usize) -> Option<i32> {
        let column = self.columns.get(place)?;
        let value = members.get(place)?;
        let text = value::text(value, column.kind, column.codes).ok()??;
        std::str::from_utf8(&text).ok()?.parse().ok().filter(|key| *key > 0)
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

impl<'a> Members<'a> {
    /// Takes a member; `false` if it is no column of the record.
    pub(super) fn take(&mut self, record: &Record, name: &str, value: &'a RawValue) -> bool {
        let Some(place) = record.place(name) else { return false };
        if let Some(slot) = self.values.get_mut(place)
            && slot.replace(value).is_some()
            && !self.has_twice(name)
        {
            self.twice.push(name.to_owned());
        }
        true
    }

    /// Whether that name was there twice.
    pub(super) fn has_twice(&self, name: &str) -> bool {
        self.twice.iter().any(|known| known == name)
    }

    /// The value of the column at a place.
    pub(super) fn get(&self, place: usize) -> Option<&'a RawValue> {
        self.values.get(place).copied().flatten()
    }
}
