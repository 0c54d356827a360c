//! Values that go to the engine, and those that come back.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;

use super::{Texts, failure};
use crate::error::{Error, Result};
use crate::lake::Bound;

/// Most digits of a decimal number.
const DIGITS: u8 = 38;

/// A value with its type.
pub(super) fn scalar(bound: &Bound) -> Result<ScalarValue> {
    let broken = || Error::internal("a value of a question cannot be read");
    Ok(match bound {
        Bound::Boolean(value) => ScalarValue::Boolean(Some(*value)),
        Bound::Int(value) => ScalarValue::Int64(Some(*value)),
        Bound::Text(text) => ScalarValue::Utf8(Some(text.clone())),
        Bound::Decimal(digits, scale) => {
            let digits = digits.parse().map_err(|_| broken())?;
            let scale = i8::try_from(*scale).map_err(|_| broken())?;
            ScalarValue::Decimal128(Some(digits), DIGITS, scale)
        }
        Bound::Timestamp(micros) => ScalarValue::TimestampMicrosecond(Some(*micros), None),
        Bound::Double(text) => ScalarValue::Float64(Some(text.parse().map_err(|_| broken())?)),
    })
}

/// Values as a row, which is how they are sent to an endpoint.
pub(super) fn row(values: &[Bound]) -> Result<RecordBatch> {
    let mut fields = Vec::with_capacity(values.len());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let value = scalar(value)?;
        fields.push(Field::new(format!("${}", index + 1), value.data_type(), false));
        columns.push(value.to_array().map_err(failure::of)?);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|error| failure::of(error.into()))
}

/// The rows of a batch as texts.
pub(super) fn texts(batch: &RecordBatch) -> Result<Texts> {
    let column = |array: &ArrayRef| -> Result<Vec<Option<String>>> {
        let text = cast(array, &DataType::Utf8).map_err(|error| failure::of(error.into()))?;
        let text = text.as_any().downcast_ref::<StringArray>();
        let text = text.ok_or_else(|| Error::internal("a column of the engine is no text"))?;
        Ok(text.iter().map(|value| value.map(str::to_owned)).collect())
    };
    let columns = batch.columns().iter().map(column).collect::<Result<_>>()?;
    Ok(Texts { rows: batch.num_rows(), columns })
}
