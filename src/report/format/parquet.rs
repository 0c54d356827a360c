//! Apache Parquet.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::db::data_version::DataVersion;
use crate::error::{Error, Result};

/// Bytes of memory at which a row group ends.
const ROW_GROUP: usize = 12 * 1024 * 1024;
/// Bytes of the dictionary and of the pages of a column: less than the defaults, for there may
/// be many columns.
const PAGE: usize = 256 * 1024;

/// A Parquet file while it is written.
pub(crate) struct ParquetFile(ArrowWriter<Vec<u8>>);

impl ParquetFile {
    /// Begins a file, which names the version of its data.
    pub(crate) fn new(schema: SchemaRef, version: DataVersion) -> Result<Self> {
        let fact = |name: &str, value| KeyValue::new(format!("salesgraph.{name}"), Some(value));
        let facts = vec![
            fact("data_version", version.version.to_string()),
            fact("data_as_of", version.as_of.to_rfc3339()),
        ];
        let properties = WriterProperties::builder()
            .set_created_by(concat!("salesgraph ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_dictionary_page_size_limit(PAGE)
            .set_data_page_size_limit(PAGE)
            .set_key_value_metadata(Some(facts))
            .build();
        let file = ArrowWriter::try_new(Vec::new(), schema, Some(properties));
        file.map(Self).map_err(broken)
    }

    /// Writes rows.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.0.write(batch).map_err(broken)?;
        if self.0.memory_size() >= ROW_GROUP {
            self.0.flush().map_err(broken)?;
        }
        Ok(())
    }

    /// The bytes since it was last asked for them.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.0.inner_mut())
    }

    /// The rest of the file.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        self.0.into_inner().map_err(broken)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn broken(error: ParquetError) -> Error {
    Error::internal("a Parquet file cannot be written").with_source(error.to_string())
}
