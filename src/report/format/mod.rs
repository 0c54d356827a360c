//! The formats of files: how the cells of rows become bytes.

mod arrow;
mod cell;
mod column;
mod csv;
mod dialect;
mod json;
mod number;
mod parquet;
mod text;
mod time;

pub use cell::Cell;
pub use column::{Column, Type};
pub use dialect::CsvDialect;

pub(super) use arrow::ArrowRows;
pub(super) use csv::CsvRows;
pub(super) use json::JsonRows;
pub(super) use parquet::ParquetFile;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// RFC 4180, with a header.
    Csv,
    /// The same, compressed by gzip.
    CsvGzip,
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line.
    Ndjson,
    /// One JSON array of objects.
    Json,
}

/// How a file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Encoding {
    /// Its format.
    pub format: Format,
    /// What a CSV file is like.
    pub csv: CsvDialect,
}

impl Format {
    /// The ending of a file's name, without its first point.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::CsvGzip => "csv.gz",
            Self::Parquet => "parquet",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
        }
    }

    /// The media type of its bytes.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::CsvGzip => "application/gzip",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Ndjson => "application/x-ndjson",
            Self::Json => "application/json",
        }
    }
}
