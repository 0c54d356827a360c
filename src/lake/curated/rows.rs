//! Rows of Postgres as batches of columns, with what manifests say of them.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::stats::Range;
use crate::db::numeric::Numeric;
use crate::error::{Code, Error, Result};
use crate::lake::iceberg::column::{Field, Type};

/// Most rows of a batch.
const ROWS: usize = 4_096;
/// About the most bytes of a batch.
const BYTES: usize = 2 << 20;
/// Of a value without its text.
const VALUE: usize = 16;
/// From 1970-01-01, where Arrow begins to count, to 2000-01-01, where Postgres does.
const DAYS: i32 = 10_957;
const MICROS: i64 = 86_400_000_000 * 10_957;

/// Collects rows.
pub(super) struct Rows {
    schema: SchemaRef,
    columns: Vec<Builder>,
    names: Vec<String>,
    /// What is known of the columns of all rows since it was last asked.
    ranges: Vec<Range>,
    rows: usize,
    bytes: usize,
}

enum Builder {
    Boolean(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Decimal(Decimal128Builder, u8, u8),
    String(StringBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
}

impl Rows {
    pub(super) fn new(schema: SchemaRef, fields: &[Field]) -> Self {
        Self {
            schema,
            columns: fields.iter().map(|field| builder(field.ty)).collect(),
            names: fields.iter().map(|field| field.name.clone()).collect(),
            ranges: vec![Range::default(); fields.len()],
            rows: 0,
            bytes: 0,
        }
    }

    /// Whether [`Self::batch`] is due.
    pub(super) const fn is_full(&self) -> bool {
        self.rows >= ROWS || self.bytes >= BYTES
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds a row, whose values are in the binary format of Postgres.
    ///
    /// # Errors
    /// When a value does not fit its column, with the column's name.
    pub(super) fn push(&mut self, row: &PgRow) -> Result<()> {
        self.rows += 1;
        let columns = self.columns.iter_mut().zip(&mut self.ranges).zip(&self.names);
        for (index, ((builder, range), name)) in columns.enumerate() {
            let value = row.try_get_raw(index).map_err(Error::from)?;
            self.bytes += VALUE;
            // The only error is that it is null.
            match value.as_bytes().ok() {
                None => {
                    range.null();
                    builder.append_null();
                }
                Some(bytes) => {
                    self.bytes += append(builder, range, bytes).ok_or_else(|| misfit(name))?;
                }
            }
        }
        Ok(())
    }

    /// The rows since the last batch.
    ///
    /// # Errors
    /// `CONFLICT` when a column that may not be null is.
    pub(super) fn batch(&mut self) -> Result<RecordBatch> {
        (self.rows, self.bytes) = (0, 0);
        let columns = self.columns.iter_mut().map(Builder::finish).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|error| {
            let message = format!("rows do not fit the columns of the lake: {error}");
            Error::new(Code::Conflict, message)
        })
    }

    /// What is known of the columns of a file, whose last batch was taken.
    pub(super) fn ranges(&mut self) -> Vec<Range> {
        let fresh = vec![Range::default(); self.ranges.len()];
        std::mem::replace(&mut self.ranges, fresh)
    }
}

fn misfit(name: &str) -> Error {
    let message = format!("a value of {name} does not fit the type of its column in the lake");
    Error::new(Code::Conflict, message)
}

fn builder(ty: Type) -> Builder {
    match ty {
        Type::Boolean => Builder::Boolean(BooleanBuilder::new()),
        Type::Int => Builder::Int(Int32Builder::new()),
        Type::Long => Builder::Long(Int64Builder::new()),
        Type::Decimal { precision, scale } => {
            let builder = Decimal128Builder::new().with_data_type(ty.arrow());
            Builder::Decimal(builder, precision, scale)
        }
        Type::String => Builder::String(StringBuilder::new()),
        Type::Date => Builder::Date(Date32Builder::new()),
        Type::Timestamp => {
            Builder::Timestamp(TimestampMicrosecondBuilder::new().with_data_type(ty.arrow()))
        }
    }
}

impl Builder {
    fn append_null(&mut self) {
        match self {
            Self::Boolean(builder) => builder.append_null(),
            Self::Int(builder) => builder.append_null(),
            Self::Long(builder) => builder.append_null(),
            Self::Decimal(builder, ..) => builder.append_null(),
            Self::String(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Int(builder) => Arc::new(builder.finish()),
            Self::Long(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder, ..) => Arc::new(builder.finish()),
            Self::String(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Adds a value and tells the bytes of its text; `None` if it does not fit.
fn append(builder: &mut Builder, range: &mut Range, bytes: &[u8]) -> Option<usize> {
    match builder {
        Builder::Boolean(builder) => {
            let value = *bytes.first()? != 0;
            range.number(value.into());
            builder.append_value(value);
        }
        Builder::Int(builder) => {
            let value = i32::from_be_bytes(bytes.try_into().ok()?);
            range.number(value.into());
            builder.append_value(value);
        }
        Builder::Long(builder) => {
            let value = i64::from_be_bytes(bytes.try_into().ok()?);
            range.number(value.into());
            builder.append_value(value);
        }
        Builder::Decimal(builder, precision, scale) => {
            let value = Numeric::read(bytes).ok()?.scaled(*scale)?;
            if value.unsigned_abs() >= 10_u128.checked_pow((*precision).into())? {
                return None;
            }
            range.number(value);
            builder.append_value(value);
        }
        Builder::String(builder) => {
            let value = str::from_utf8(bytes).ok()?;
            range.text(value);
            builder.append_value(value);
            return Some(value.len());
        }
        Builder::Date(builder) => {
            let value = i32::from_be_bytes(bytes.try_into().ok()?).checked_add(DAYS)?;
            range.number(value.into());
            builder.append_value(value);
        }
        Builder::Timestamp(builder) => {
            let value = i64::from_be_bytes(bytes.try_into().ok()?).checked_add(MICROS)?;
            range.number(value.into());
            builder.append_value(value);
        }
    }
    Some(0)
}
