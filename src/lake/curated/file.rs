//! Writes data files: Parquet, part by part, in bounded memory. A file that has become large
//! is followed by another.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{Field as ArrowField, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use sqlx::postgres::PgRow;

use super::place::Place;
use super::rows::Rows;
use crate::error::{Error, Result};
use crate::lake::iceberg::column::Field;
use crate::lake::iceberg::manifest::DataFile;
use crate::storage::{ObjectHeaders, ObjectWriter};

/// Bytes at which a file ends.
const FILE: u64 = 128 << 20;
/// Bytes of memory at which a row group ends.
const ROW_GROUP: usize = 8 << 20;
/// Bytes of the dictionary and of the pages of a column.
const PAGE: usize = 256 << 10;
/// The key under which Parquet finds the id of a column.
const FIELD_ID: &str = "PARQUET:field_id";

/// Where the columns of a table are written.
pub(super) struct FileSchema {
    pub(super) fields: Vec<Field>,
    /// Whether each holds personal data.
    pub(super) personal: Vec<bool>,
    arrow: SchemaRef,
}

impl FileSchema {
    pub(super) fn new(fields: Vec<Field>, personal: Vec<bool>) -> Self {
        let arrow = fields.iter().map(|field| {
            let id = HashMap::from([(FIELD_ID.to_owned(), field.id.to_string())]);
            ArrowField::new(&field.name, field.ty.arrow(), !field.required).with_metadata(id)
        });
        let arrow = Arc::new(Schema::new(arrow.collect::<Vec<_>>()));
        Self { fields, personal, arrow }
    }
}

/// The files of a partition while they are written.
pub(super) struct FileWriter<'a> {
    place: &'a Place,
    schema: &'a FileSchema,
    /// The folder below that of the table's data, with a slash, or nothing.
    folder: String,
    month: Option<i32>,
    rows: Rows,
    open: Option<Open>,
    done: Vec<DataFile>,
}

struct Open {
    key: String,
    parquet: ArrowWriter<Vec<u8>>,
    object: ObjectWriter,
    rows: i64,
}

impl<'a> FileWriter<'a> {
    pub(super) fn new(
        place: &'a Place,
        schema: &'a FileSchema,
        folder: String,
        month: Option<i32>,
    ) -> Self {
        let rows = Rows::new(Arc::clone(&schema.arrow), &schema.fields);
        Self { place, schema, folder, month, rows, open: None, done: Vec::new() }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// When it does not fit, or as of any request to S3.
    pub(super) async fn push(&mut self, row: &PgRow) -> Result<()> {
        self.rows.push(row)?;
        if self.rows.is_full() { self.flush().await } else { Ok(()) }
    }

    /// Ends the files and tells them.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(super) async fn finish(mut self) -> Result<Vec<DataFile>> {
        if !self.rows.is_empty() {
            self.flush().await?;
        }
        self.end().await?;
        Ok(self.done)
    }

    async fn flush(&mut self) -> Result<()> {
        let batch = self.rows.batch()?;
        let open = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(begin(self.place, &self.folder, &self.schema.arrow)?),
        };
        open.parquet.write(&batch).map_err(broken)?;
        open.rows += i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
        if open.parquet.memory_size() >= ROW_GROUP {
            open.parquet.flush().map_err(broken)?;
        }
        let bytes = std::mem::take(open.parquet.inner_mut());
        open.object.write(&bytes).await?;
        if open.object.size() >= FILE { self.end().await } else { Ok(()) }
    }

    async fn end(&mut self) -> Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let metadata = open.parquet.finish().map_err(broken)?;
        let bytes = std::mem::take(open.parquet.inner_mut());
        let mut written = open.object.write(&bytes).await;
        if written.is_ok() {
            written = open.object.finish().await;
        }
        if let Err(error) = written {
            open.object.abort().await;
            return Err(error);
        }
        let sizes = sizes(&metadata, self.schema.fields.len());
        let known = self.rows.ranges().into_iter().zip(&self.schema.fields);
        let columns = known.zip(&self.schema.personal).zip(sizes);
        let columns = columns
            .map(|(((range, field), personal), size)| range.stats(field, *personal, size))
            .collect();
        let groups = metadata.row_groups().iter();
        self.done.push(DataFile {
            path: self.place.uri(&open.key),
            month: self.month,
            rows: open.rows,
            bytes: i64::try_from(open.object.size()).unwrap_or(i64::MAX),
            columns,
            split_offsets: groups
                .filter_map(|group| {
                    let first = group.columns().first()?;
                    Some(first.dictionary_page_offset().unwrap_or(first.data_page_offset()))
                })
                .collect(),
        });
        Ok(())
    }
}

fn begin(place: &Place, folder: &str, schema: &SchemaRef) -> Result<Open> {
    let properties = WriterProperties::builder()
        .set_created_by(concat!("salesgraph ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_page_size_limit(PAGE)
        .set_data_page_size_limit(PAGE)
        .build();
    let parquet =
        ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties)).map_err(broken)?;
    let key = place.data_key(folder);
    let headers = ObjectHeaders {
        content_type: "application/vnd.apache.parquet",
        file_name: None,
        metadata: Vec::new(),
    };
    let object = ObjectWriter::new(place.bucket(), &key, headers);
    Ok(Open { key, parquet, object, rows: 0 })
}

/// The bytes of each column.
fn sizes(metadata: &ParquetMetaData, columns: usize) -> Vec<i64> {
    let mut sizes = vec![0; columns];
    for group in metadata.row_groups() {
        for (size, column) in sizes.iter_mut().zip(group.columns()) {
            *size += column.compressed_size();
        }
    }
    sizes
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn broken(error: ParquetError) -> Error {
    Error::internal("a Parquet file of the lake cannot be written").with_source(error.to_string())
}
