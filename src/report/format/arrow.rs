//! Rows as batches of typed columns, as Parquet is made of them.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::cell::Cell;
use super::column::{Column, Type};
use super::text;
use crate::error::{Code, Error, Result};

/// Most rows of a batch.
const ROWS: usize = 4_096;
/// About the most bytes of a batch.
const BYTES: usize = 2 * 1024 * 1024;
/// Of a cell, without its text.
const CELL: usize = 16;
/// From 1970-01-01, where Arrow begins to count, to 2000-01-01, where Postgres does.
const DAYS: i32 = 10_957;
const MICROS: i64 = 86_400_000_000 * 10_957;

/// Collects rows.
#[derive(Debug)]
pub(crate) struct ArrowRows {
    schema: SchemaRef,
    columns: Vec<Builder>,
    names: Vec<String>,
    rows: usize,
    bytes: usize,
    /// A text while it is made.
    scratch: Vec<u8>,
}

#[derive(Debug)]
enum Builder {
    Boolean(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Decimal(Decimal128Builder, u8, u32),
    Text(StringBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
}

impl ArrowRows {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(&column.name, data_type(column.ty), column.nullable))
            .collect();
        Self {
            schema: Arc::new(Schema::new(fields)),
            columns: columns.iter().map(|column| builder(column.ty)).collect(),
            names: columns.iter().map(|column| column.name.clone()).collect(),
            rows: 0,
            bytes: 0,
            scratch: Vec::new(),
        }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether [`Self::batch`] is due.
    pub(crate) const fn is_full(&self) -> bool {
        self.rows >= ROWS || self.bytes >= BYTES
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Those of the cells; when one does not fit its column, with the column's name.
    pub(crate) fn row<'a>(&mut self, cells: impl Iterator<Item = Result<Cell<'a>>>) -> Result<()> {
        self.rows += 1;
        for ((builder, name), cell) in self.columns.iter_mut().zip(&self.names).zip(cells) {
            self.bytes += CELL + append(builder, &cell?, name, &mut self.scratch)?;
        }
        Ok(())
    }

    /// The rows since the last batch.
    ///
    /// # Errors
    /// `INTERNAL` when a row had too few cells.
    pub(crate) fn batch(&mut self) -> Result<RecordBatch> {
        (self.rows, self.bytes) = (0, 0);
        let columns = self.columns.iter_mut().map(Builder::finish).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(|error| Error::internal("rows do not fit their columns").with_source(error))
    }
}

impl Builder {
    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Int(builder) => Arc::new(builder.finish()),
            Self::Long(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder, ..) => Arc::new(builder.finish()),
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
        }
    }

    fn append_null(&mut self) {
        match self {
            Self::Boolean(builder) => builder.append_null(),
            Self::Int(builder) => builder.append_null(),
            Self::Long(builder) => builder.append_null(),
            Self::Decimal(builder, ..) => builder.append_null(),
            Self::Text(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
        }
    }
}

/// The type of a column in Arrow and Parquet.
fn data_type(ty: Type) -> DataType {
    match ty {
        Type::Boolean => DataType::Boolean,
        Type::Int => DataType::Int32,
        Type::Long => DataType::Int64,
        Type::Decimal { precision, scale } => {
            DataType::Decimal128(precision, i8::try_from(scale).unwrap_or(i8::MAX))
        }
        Type::Number | Type::Text | Type::Json | Type::Uuid | Type::Ints => DataType::Utf8,
        Type::Date => DataType::Date32,
        Type::LocalDateTime => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

fn builder(ty: Type) -> Builder {
    match ty {
        Type::Boolean => Builder::Boolean(BooleanBuilder::new()),
        Type::Int => Builder::Int(Int32Builder::new()),
        Type::Long => Builder::Long(Int64Builder::new()),
        Type::Decimal { precision, scale } => {
            let builder = Decimal128Builder::new().with_data_type(data_type(ty));
            Builder::Decimal(builder, scale, precision.into())
        }
        Type::Number | Type::Text | Type::Json | Type::Uuid | Type::Ints => {
            Builder::Text(StringBuilder::new())
        }
        Type::Date => Builder::Date(Date32Builder::new()),
        Type::LocalDateTime | Type::DateTime => {
            let builder = TimestampMicrosecondBuilder::new().with_data_type(data_type(ty));
            Builder::Timestamp(builder)
        }
    }
}

/// Adds a value and tells the bytes of its text.
fn append(
    builder: &mut Builder,
    cell: &Cell<'_>,
    name: &str,
    scratch: &mut Vec<u8>,
) -> Result<usize> {
    match (builder, cell) {
        (builder, Cell::Null) => builder.append_null(),
        (Builder::Boolean(builder), Cell::Boolean(is)) => builder.append_value(*is),
        (Builder::Int(builder), Cell::Integer(number)) => {
            builder.append_value(i32::try_from(*number).map_err(|_| too_large(name))?);
        }
        (Builder::Long(builder), Cell::Integer(number)) => builder.append_value(*number),
        (Builder::Decimal(builder, scale, precision), Cell::Decimal(number)) => {
            let scaled = number.scaled(*scale).ok_or_else(|| too_large(name))?;
            if scaled.unsigned_abs() >= 10_u128.pow(*precision) {
                return Err(too_large(name));
            }
            builder.append_value(scaled);
        }
        (Builder::Text(builder), Cell::Text(text)) => {
            builder.append_value(text);
            return Ok(text.len());
        }
        (Builder::Text(builder), cell) => {
            scratch.clear();
            match cell {
                Cell::Decimal(number) => number.write(scratch, b'.'),
                Cell::Uuid(bytes) => text::uuid(scratch, *bytes),
                Cell::Ints(list) => text::integers(scratch, list),
                _ => return Err(misfit(name)),
            }
            builder.append_value(str::from_utf8(scratch).map_err(|_| misfit(name))?);
            return Ok(scratch.len());
        }
        (Builder::Date(builder), Cell::Date(days)) => {
            builder.append_value(days.checked_add(DAYS).ok_or_else(|| too_large(name))?);
        }
        (Builder::Timestamp(builder), Cell::LocalDateTime(micros) | Cell::DateTime(micros)) => {
            builder.append_value(micros.checked_add(MICROS).ok_or_else(|| too_large(name))?);
        }
        _ => return Err(misfit(name)),
    }
    Ok(0)
}

fn too_large(name: &str) -> Error {
    let message =
        format!("a value of {name} does not fit the type of its column in Parquet: use CSV");
    Error::new(Code::BadUserInput, message)
}

fn misfit(name: &str) -> Error {
    Error::internal("a value is of another type than its column").with_source(name.to_owned())
}
