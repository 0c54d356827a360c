//! From a row to the cells of a file.

use std::borrow::Cow;

use crate::catalog::{Column, Enumeration, Kind};
use crate::db::numeric::Numeric;
use crate::error::{Error, Result};
use crate::graphql::schema::global_id;
use crate::graphql::schema::model::OutputType;
use crate::query::Row;
use crate::report::format::Cell;

/// What is read beside rows, by its index in their fetch.
#[derive(Debug, Clone, Copy)]
pub(super) enum Beside {
    /// Measures of their sales.
    Sales(usize),
    /// Converted amounts.
    Converted(usize),
}

/// Where the value of a column comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    pub(super) value: Value,
    pub(super) nullable: bool,
    /// It is null where one of these is.
    pub(super) guards: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// The value at this index.
    Column(usize, Kind),
    /// The name of the code there.
    Code(usize, Kind, &'static Enumeration),
    /// The global id of the key at these indexes, of this type.
    Id(&'static str, &'static [Column], Vec<usize>),
    /// The measure at this index.
    Measure(usize, OutputType),
    /// The measure at this place in these sales of the row.
    Sales(usize, usize, OutputType),
    /// The value at this index of the row that belongs to it among these converted amounts.
    Converted(usize, usize, Kind),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Column(one, _), Self::Column(other, _))
            | (Self::Code(one, ..), Self::Code(other, ..))
            | (Self::Measure(one, _), Self::Measure(other, _)) => one == other,
            (Self::Id(.., one), Self::Id(.., other)) => one == other,
            (Self::Sales(one, place, _), Self::Sales(other, other_place, _))
            | (Self::Converted(one, place, _), Self::Converted(other, other_place, _)) => {
                one == other && place == other_place
            }
            _ => false,
        }
    }
}

impl Source {
    /// Whether it is read by a statement of its own.
    pub(super) const fn is_beside(&self) -> bool {
        matches!(self.value, Value::Sales(..) | Value::Converted(..))
    }

    /// The cell of a row; `beside` is the row that was read beside it: of the measures of its
    /// sales at an index, or of the converted amount at one.
    pub(super) fn cell<'r>(
        &self,
        row: &'r Row,
        beside: impl Fn(Beside) -> Option<&'r Row>,
    ) -> Result<Cell<'r>> {
        for guard in &self.guards {
            if row.is_null(*guard)? {
                return Ok(Cell::Null);
            }
        }
        let cell = match &self.value {
            Value::Column(index, kind) => column(row, *index, *kind)?,
            Value::Code(index, kind, codes) => code(row, *index, *kind, codes)?,
            Value::Id(name, columns, indexes) => {
                match row.key(columns, indexes.iter().copied())? {
                    Some(key) => Cell::Text(Cow::Owned(global_id::encode(name, &key))),
                    None => Cell::Null,
                }
            }
            Value::Measure(index, output) => measure(row, *index, *output)?,
            Value::Sales(number, place, output) => match beside(Beside::Sales(*number)) {
                Some(row) => measure(row, *place, *output)?,
                None => Cell::Null,
            },
            Value::Converted(number, place, kind) => match beside(Beside::Converted(*number)) {
                Some(row) => column(row, *place, *kind)?,
                None => Cell::Null,
            },
        };
        if !self.nullable && matches!(cell, Cell::Null) {
            return Err(Error::internal("a value is missing"));
        }
        Ok(cell)
    }
}

fn column(row: &Row, index: usize, kind: Kind) -> Result<Cell<'_>> {
    let Some(bytes) = row.bytes(index)? else { return Ok(Cell::Null) };
    Ok(match kind {
        Kind::Boolean => Cell::Boolean(array::<1>(bytes)? != [0]),
        Kind::Small => Cell::Integer(i16::from_be_bytes(array(bytes)?).into()),
        Kind::Int => Cell::Integer(i32::from_be_bytes(array(bytes)?).into()),
        Kind::Long => Cell::Integer(i64::from_be_bytes(array(bytes)?)),
        Kind::Text => Cell::Text(Cow::Borrowed(
            str::from_utf8(bytes)
                .map_err(|error| Error::internal("a text is not UTF-8").with_source(error))?,
        )),
        Kind::Json => Cell::Json(
            str::from_utf8(bytes)
                .map_err(|error| Error::internal("a document is not UTF-8").with_source(error))?,
        ),
        Kind::Bytes => Cell::Text(String::from_utf8_lossy(bytes)),
        Kind::Decimal => Cell::Decimal(Numeric::read(bytes)?),
        Kind::Uuid => Cell::Uuid(array(bytes)?),
        Kind::Date => Cell::Date(i32::from_be_bytes(array(bytes)?)),
        Kind::LocalDateTime => Cell::LocalDateTime(i64::from_be_bytes(array(bytes)?)),
        Kind::DateTime => Cell::DateTime(i64::from_be_bytes(array(bytes)?)),
        Kind::IntList => Cell::Ints(row.get(index)?.unwrap_or_default()),
    })
}

fn code<'r>(
    row: &'r Row,
    index: usize,
    kind: Kind,
    codes: &'static Enumeration,
) -> Result<Cell<'r>> {
    let found = match column(row, index, kind)? {
        Cell::Integer(number) => codes.value(itoa::Buffer::new().format(number)),
        Cell::Text(text) => codes.value(&text),
        _ => return Ok(Cell::Null),
    };
    let value = found.ok_or_else(|| Error::internal("an unknown code").with_source(codes.name))?;
    Ok(Cell::Text(Cow::Borrowed(value.name)))
}

fn measure(row: &Row, index: usize, output: OutputType) -> Result<Cell<'_>> {
    let Some(bytes) = row.bytes(index)? else { return Ok(Cell::Null) };
    let number = Numeric::read(bytes)?;
    match output {
        OutputType::Decimal => Ok(Cell::Decimal(number)),
        OutputType::Int | OutputType::Long => {
            let whole = number.integer().map(Cell::Integer);
            whole.ok_or_else(|| Error::internal("a measure is no whole number"))
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|error| {
        Error::internal("a value has another length than its type").with_source(error)
    })
}
