//! The curated file of an answer: its rates as Parquet. The same answer gives the same bytes:
//! no time and no version of the writer is in them.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::decode::{PublishedRate, SCALE};
use super::key::RawKey;
use super::raw::RawAnswer;
use crate::error::{Error, Result};

/// Digits of a rate, as in Postgres.
const PRECISION: u8 = 24;
const RATE: DataType = DataType::Decimal128(PRECISION, SCALE);

/// The bytes of the file.
///
/// # Errors
/// `INTERNAL` if it cannot be written.
pub(super) fn parquet(key: &RawKey, raw: &RawAnswer, rates: &[PublishedRate]) -> Result<Vec<u8>> {
    let write = || -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let batch = batch(key, raw, rates)?;
        let properties = WriterProperties::builder()
            .set_created_by("salesgraph".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))?;
        writer.write(&batch)?;
        Ok(writer.into_inner()?)
    };
    write().map_err(|error| Error::internal("a curated file cannot be written").with_source(error))
}

fn batch(
    key: &RawKey,
    raw: &RawAnswer,
    rates: &[PublishedRate],
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let schema = Schema::new(vec![
        Field::new("currency_rate_date", DataType::Date32, false),
        Field::new("from_currency_code", DataType::Utf8, false),
        Field::new("to_currency_code", DataType::Utf8, false),
        Field::new("published_rate", RATE, false),
        Field::new("source", DataType::Utf8, false),
        Field::new("raw", DataType::Utf8, false),
        Field::new("fetched_at", time, false),
    ]);
    let days = rates.iter().map(|rate| rate.day.to_epoch_days());
    let values = Decimal128Array::from_iter_values(rates.iter().map(|rate| rate.rate));
    let repeated = |text: &str| StringArray::from_iter_values(rates.iter().map(|_| text));
    let fetched_at = raw.fetched_at.timestamp_micros();
    let fetched = TimestampMicrosecondArray::from_iter_values(rates.iter().map(|_| fetched_at));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from_iter_values(days)),
        Arc::new(StringArray::from_iter_values(rates.iter().map(|rate| &rate.from))),
        Arc::new(StringArray::from_iter_values(rates.iter().map(|rate| &rate.to))),
        Arc::new(values.with_data_type(RATE)),
        Arc::new(repeated(raw.dialect.as_str())),
        // Below the lake, so that a copy of it has the same files.
        Arc::new(repeated(&key.raw())),
        Arc::new(fetched.with_timezone("UTC")),
    ];
    RecordBatch::try_new(Arc::new(schema), columns)
}
