//! Converts a record to a row of the staging table, or to a fault.

mod cells;

use std::borrow::Cow;

use super::batch::RowKey;
use super::dialect::{self, ABSENT, Dialect};
use super::fields::Fields;
use super::format::Format;
use super::header::file_error;
use super::notation::Notation;
use super::number::{DecimalMark, Marks};
use super::quoting::{self, Syntax};
use super::value::{self, Value};
use crate::dataset::{Check, Column, Dataset, Kind};
use crate::db::copy::CopyWriter;
use crate::db::text;
use crate::error::Result as FileResult;
use crate::load::rejects::reason::{Fault, Reason};

/// What the staging table holds of a row besides its values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Staged {
    /// The place of its file among those staged together, from 1.
    pub(super) file: i16,
    pub(super) line: u64,
    pub(super) round: i16,
}

/// Converts the records of one file.
pub(super) struct RowConverter {
    dataset: &'static Dataset,
    /// For each column of the dataset, the index of its field in a record.
    indexes: Vec<usize>,
    key: Vec<usize>,
    checks: Vec<CompiledCheck>,
    syntax: Syntax,
    notation: Option<Notation>,
    /// By column, what a mapping gives where a row has no value; empty if it gives none.
    presets: Vec<Option<Preset>>,
    /// By column, whether the row's value is the preset one.
    is_preset: Vec<bool>,
    /// By column; what a row told is taken back if the row is invalid.
    marks: Vec<Marks>,
    told: Vec<usize>,
    /// Whether no text of the record converted last can be other than in form C.
    plain: bool,
    values: Vec<Value>,
}

/// The value of a column in rows that have none.
struct Preset {
    text: Vec<u8>,
    value: Value,
}

/// A check with column indexes instead of names.
struct CompiledCheck {
    check: &'static Check,
    columns: Vec<usize>,
}

impl RowConverter {
    pub(super) fn new(dataset: &'static Dataset, dialect: &Dialect) -> FileResult<Self> {
        let format = dialect.format.as_deref();
        let indexes = dialect::column_indexes(dataset, &dialect.header, format)?;
        let presets = match format {
            Some(format) => presets(dataset, format)?,
            None => Vec::new(),
        };
        let file = dialect.only_mark();
        let known = |column: &Column| dialect.marks.get(column.source).copied();
        let marks = dataset.columns.iter().map(|column| Marks { column: known(column), file });
        let index = |name: &&str| dataset.column_index(name);
        let checks = dataset
            .checks
            .iter()
            .map(|check| CompiledCheck {
                check,
                columns: check.columns().iter().filter_map(index).collect(),
            })
            .collect();
        Ok(Self {
            dataset,
            syntax: dialect.syntax(),
            notation: format.map(Notation::new).transpose()?,
            is_preset: vec![false; presets.len()],
            presets,
            marks: marks.collect(),
            told: Vec::new(),
            plain: true,
            indexes,
            key: dataset.key.iter().filter_map(index).collect(),
            checks,
            values: Vec::with_capacity(dataset.columns.len()),
        })
    }

    /// The decimal marks of the columns, as far as they are known.
    pub(super) fn marks(&self) -> impl Iterator<Item = (&'static str, DecimalMark)> {
        let columns = self.dataset.columns.iter().zip(&self.marks);
        columns.filter_map(|(column, marks)| Some((column.source, marks.column?)))
    }

    /// Converts a record and returns its key; [`RowConverter::write`] then writes it.
    pub(super) fn convert(&mut self, raw: &[u8], fields: Fields<'_>) -> Result<RowKey, Fault> {
        self.told.clear();
        let converted = self.convert_columns(raw, fields);
        if converted.is_err() {
            for index in &self.told {
                if let Some(marks) = self.marks.get_mut(*index) {
                    marks.column = None;
                }
            }
        }
        converted
    }

    fn convert_columns(&mut self, raw: &[u8], fields: Fields<'_>) -> Result<RowKey, Fault> {
        let valid = is_valid(raw, fields, self.syntax);
        self.plain =
            text::is_plain(if self.syntax.delimiter.is_ascii() { raw } else { fields.all() });
        self.values.clear();
        let columns = self.dataset.columns.iter().zip(&self.indexes).zip(&mut self.marks);
        for (at, ((column, index), marks)) in columns.enumerate() {
            let text = fields.get(*index);
            let notation = self.notation.as_ref();
            if !valid
                && (std::str::from_utf8(text).is_err() || text.contains(&0))
                && notation.is_none_or(|notation| !notation.is_empty(column, text))
            {
                let message = "expected UTF-8 text without NUL; the raw bytes are kept".to_owned();
                return Err(value::fault(column, Reason::InvalidEncoding, message));
            }
            let was_known = marks.column.is_some();
            let text = &*stored(column.kind, text, self.plain);
            let converted = match notation {
                Some(notation) if *index != ABSENT => {
                    let keeps = notation.keeps_quoted(column);
                    match notation.convert(column, text, marks) {
                        value if keeps && is_null(&value) => {
                            match quoting::is_quoted(raw, self.syntax, *index) {
                                true => value::text(column, text),
                                false => value,
                            }
                        }
                        value => value,
                    }
                }
                // What the file lacks is null, whatever means null in it.
                _ => value::convert(column, text, marks),
            };
            let preset = self.presets.get(at).and_then(Option::as_ref);
            if let Some(is_preset) = self.is_preset.get_mut(at) {
                *is_preset = preset.is_some() && is_null(&converted);
            }
            let value = match (converted, preset) {
                (converted, Some(preset)) if is_null(&converted) => preset.value,
                // Someone may be called so.
                (Err(fault), _) if is_null_as_text(column, text, &fault) => {
                    match quoting::is_quoted(raw, self.syntax, *index) {
                        true => value::text(column, text)?,
                        false => return Err(fault),
                    }
                }
                (converted, _) => converted?,
            };
            if marks.column.is_some() && !was_known {
                self.told.push(at);
            }
            self.values.push(value);
        }
        self.checked()
    }

    /// The key of the row whose values are converted, once they fit each other.
    fn checked(&self) -> Result<RowKey, Fault> {
        for check in &self.checks {
            self.verify(check)?;
        }
        let part = |at: usize| match self.key.get(at).and_then(|index| self.values.get(*index)) {
            Some(Value::Integer(value)) => *value,
            _ => 0,
        };
        Ok([part(0), part(1)])
    }

    /// Writes the row converted last, after the three columns of the staging table.
    pub(super) fn write(&self, copy: &mut CopyWriter, staged: Staged, fields: Fields<'_>) {
        self.begin_row(copy, staged);
        for (column, value, text) in self.written(fields) {
            value::write(copy, column.kind, value, &text);
        }
    }

    fn begin_row(&self, copy: &mut CopyWriter, staged: Staged) {
        let count = i16::try_from(self.values.len() + 3).unwrap_or_default();
        copy.row(count);
        copy.int2(staged.file);
        copy.int8(i64::try_from(staged.line).unwrap_or(i64::MAX));
        copy.int2(staged.round);
    }

    /// The columns of the row converted last, each with its value and the text that the value
    /// of a text column is in.
    pub(super) fn written<'a>(
        &'a self,
        fields: Fields<'a>,
    ) -> impl Iterator<Item = (&'static Column, Value, Cow<'a, [u8]>)> {
        let columns = self.dataset.columns.iter().zip(&self.indexes).zip(&self.values);
        columns.enumerate().map(move |(at, ((column, index), value))| {
            let text = match self.presets.get(at) {
                Some(Some(preset)) if self.is_preset.get(at) == Some(&true) => {
                    Cow::Borrowed(preset.text.as_slice())
                }
                _ => stored(column.kind, fields.get(*index), self.plain),
            };
            (column, *value, text)
        })
    }

    fn verify(&self, check: &CompiledCheck) -> Result<(), Fault> {
        let value =
            |at: usize| check.columns.get(at).and_then(|index| self.values.get(*index)).copied();
        let decimal = |at: usize| match value(at) {
            Some(Value::Decimal(value)) => value,
            _ => 0,
        };
        let expected = match check.check {
            Check::Sum { parts, .. } => {
                let sum: i128 = (1..check.columns.len()).map(decimal).sum();
                (decimal(0) != sum).then(|| {
                    format!("expected {} = {}", parts.join(" + "), self.format(check, sum))
                })
            }
            Check::LineTotal { .. } => {
                let quantity = match value(3) {
                    Some(Value::SmallInt(value)) => i128::from(value),
                    _ => 0,
                };
                let total = self.line_total(check, decimal(1), decimal(2), quantity);
                (total != Some(decimal(0))).then(|| {
                    let total = total.map_or_else(String::new, |t| self.format(check, t));
                    format!("expected price * (1 - discount) * quantity = {total}")
                })
            }
            Check::NotBefore { earliest, .. } => match (value(0), value(1)) {
                (Some(Value::Timestamp(date)), Some(Value::Timestamp(first))) if date < first => {
                    Some(format!("expected a time not before {earliest}"))
                }
                _ => None,
            },
            Check::AnyOf(names) => (0..check.columns.len())
                .all(|at| value(at) == Some(Value::Null))
                .then(|| format!("expected a value in one of {}", names.join(", "))),
        };
        let Some(message) = expected else { return Ok(()) };
        let column = check.columns.first().and_then(|index| self.dataset.columns.get(*index));
        Err(Fault { column: column.map(|c| c.source), reason: Reason::CheckFailed, message })
    }

    /// Rounds half away from zero, as Postgres' `round` does; `None` on overflow.
    fn line_total(
        &self,
        check: &CompiledCheck,
        price: i128,
        discount: i128,
        quantity: i128,
    ) -> Option<i128> {
        let scale = |at| self.scale(check, at);
        let one = 10_i128.pow(scale(2));
        let exact = price.checked_mul(one - discount)?.checked_mul(quantity)?;
        let (have, want) = (scale(1) + scale(2), scale(0));
        let Some(surplus) = have.checked_sub(want) else {
            return exact.checked_mul(10_i128.pow(want - have));
        };
        let divisor = 10_i128.pow(surplus);
        Some((exact + divisor / 2) / divisor)
    }

    fn scale(&self, check: &CompiledCheck, at: usize) -> u32 {
        let column = check.columns.get(at).and_then(|index| self.dataset.columns.get(*index));
        match column.map(|column| column.kind) {
            Some(Kind::Decimal { scale, .. }) => u32::from(scale),
            _ => 0,
        }
    }

    fn format(&self, check: &CompiledCheck, mantissa: i128) -> String {
        let one = 10_u128.pow(self.scale(check, 0));
        let sign = if mantissa < 0 { "-" } else { "" };
        let value = mantissa.unsigned_abs();
        let width = self.scale(check, 0) as usize;
        format!("{sign}{}.{:0width$}", value / one, value % one)
    }
}

/// Whether all fields are text that Postgres can hold; otherwise each has to be examined.
fn is_valid(raw: &[u8], fields: Fields<'_>, syntax: Syntax) -> bool {
    match syntax.delimiter.is_ascii() {
        true => std::str::from_utf8(raw).is_ok() && !raw.contains(&0),
        // A marker is between the fields, and is not UTF-8.
        false => fields.all().is_ascii() && !fields.all().contains(&0),
    }
}

fn is_null(converted: &Result<Value, Fault>) -> bool {
    match converted {
        Ok(value) => *value == Value::Null,
        Err(fault) => fault.reason == Reason::MissingValue,
    }
}

/// How many fields there are, and how many could be a value of a column.
pub(super) fn reads<'a>(
    column: &Column,
    fields: impl Iterator<Item = &'a str>,
    format: &Format,
) -> (usize, usize) {
    let Ok(notation) = Notation::new(format) else { return (0, 0) };
    fields.fold((0, 0), |(all, read), text| {
        let mut marks = Marks { column: format.decimal, file: format.decimal };
        let is_read = notation.convert(column, text.as_bytes(), &mut marks).is_ok();
        (all + 1, read + usize::from(is_read))
    })
}

/// Checks what a format says of values.
pub(super) fn check_format(dataset: &Dataset, format: &Format) -> FileResult<()> {
    Notation::new(format)?;
    presets(dataset, format).map(drop)
}

/// The presets of a mapping, which are written as in plain files.
fn presets(dataset: &Dataset, format: &Format) -> FileResult<Vec<Option<Preset>>> {
    let preset = |column: &Column| {
        let Some(text) = format.preset(column.source) else { return Ok(None) };
        let mut marks = Marks { column: Some(DecimalMark::Dot), file: None };
        let text = stored(column.kind, text.as_bytes(), false).into_owned();
        let value = value::convert(column, &text, &mut marks).map_err(|fault| {
            file_error(format!("the value of {}: {}", column.source, fault.message))
        })?;
        Ok(Some(Preset { text, value }))
    };
    dataset.columns.iter().map(preset).collect()
}

/// The bytes of a field as they are stored.
fn stored(kind: Kind, field: &[u8], plain: bool) -> Cow<'_, [u8]> {
    let is_text = matches!(kind, Kind::Text { .. } | Kind::Padded { .. });
    if plain || !is_text {
        return Cow::Borrowed(field);
    }
    match std::str::from_utf8(field).map(text::normalized) {
        Ok(Cow::Owned(normalized)) => Cow::Owned(normalized.into_bytes()),
        _ => Cow::Borrowed(field),
    }
}

/// Whether a text that must not be null is the word for null.
fn is_null_as_text(column: &Column, text: &[u8], fault: &Fault) -> bool {
    fault.reason == Reason::MissingValue
        && text == b"NULL"
        && matches!(column.kind, Kind::Text { .. } | Kind::Padded { .. })
}
