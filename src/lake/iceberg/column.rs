//! Columns, and their types: those that every reader of Iceberg understands alike.

use arrow_schema::{DataType, TimeUnit};

/// A type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// True or false.
    Boolean,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// Exact.
    Decimal {
        /// Digits.
        precision: u8,
        /// Those after the point.
        scale: u8,
    },
    /// UTF-8.
    String,
    /// A day.
    Date,
    /// Without zone, in microseconds.
    Timestamp,
}

/// A column of a table, with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lake) struct Field {
    pub(in crate::lake) id: i32,
    pub(in crate::lake) name: String,
    pub(in crate::lake) ty: Type,
    pub(in crate::lake) required: bool,
}

impl Type {
    /// Its name in the metadata of a table.
    pub(in crate::lake) fn name(self) -> String {
        match self {
            Self::Boolean => "boolean".to_owned(),
            Self::Int => "int".to_owned(),
            Self::Long => "long".to_owned(),
            Self::Decimal { precision, scale } => format!("decimal({precision}, {scale})"),
            Self::String => "string".to_owned(),
            Self::Date => "date".to_owned(),
            Self::Timestamp => "timestamp".to_owned(),
        }
    }

    /// The same in Arrow, and so in Parquet.
    pub(in crate::lake) fn arrow(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Decimal { precision, scale } => {
                DataType::Decimal128(precision, i8::try_from(scale).unwrap_or(i8::MAX))
            }
            Self::String => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        }
    }
}
