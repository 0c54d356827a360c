//! Converts a record to a row of the staging table, or to a fault.

use super::batch::RowKey;
use super::record::Fields;
use super::value::{self, Value};
use crate::dataset::{Check, Dataset, Kind};
use crate::db::copy::CopyWriter;
use crate::load::rejects::reason::{Fault, Reason};

/// Converts the records of one file.
pub(super) struct RowConverter {
    dataset: &'static Dataset,
    /// For each column of the dataset, the index of its field in a record.
    indexes: Vec<usize>,
    key: Vec<usize>,
    checks: Vec<CompiledCheck>,
    values: Vec<Value>,
}

/// A check with column indexes instead of names.
struct CompiledCheck {
    check: &'static Check,
    columns: Vec<usize>,
}

impl RowConverter {
    pub(super) fn new(dataset: &'static Dataset, indexes: Vec<usize>) -> Self {
        let index = |name: &&str| dataset.column_index(name);
        let checks = dataset
            .checks
            .iter()
            .map(|check| CompiledCheck {
                check,
                columns: check.columns().iter().filter_map(index).collect(),
            })
            .collect();
        Self {
            dataset,
            indexes,
            key: dataset.key.iter().filter_map(index).collect(),
            checks,
            values: Vec::with_capacity(dataset.columns.len()),
        }
    }

    /// Converts a record and returns its key; [`RowConverter::write`] then writes it.
    pub(super) fn convert(&mut self, raw: &[u8], fields: Fields<'_>) -> Result<RowKey, Fault> {
        let valid = std::str::from_utf8(raw).is_ok() && !raw.contains(&0);
        self.values.clear();
        for (column, index) in self.dataset.columns.iter().zip(&self.indexes) {
            let text = fields.get(*index);
            if !valid && (std::str::from_utf8(text).is_err() || text.contains(&0)) {
                let message = "expected UTF-8 text without NUL; the raw bytes are kept".to_owned();
                return Err(value::fault(column, Reason::InvalidEncoding, message));
            }
            self.values.push(value::convert(column, text)?);
        }
        for check in &self.checks {
            self.verify(check)?;
        }
        let part = |at: usize| match self.key.get(at).and_then(|index| self.values.get(*index)) {
            Some(Value::Integer(value)) => *value,
            _ => 0,
        };
        Ok([part(0), part(1)])
    }

    /// Writes the row converted last, after the two columns of the staging table.
    pub(super) fn write(&self, copy: &mut CopyWriter, line: u64, round: i16, fields: Fields<'_>) {
        let count = i16::try_from(self.values.len() + 2).unwrap_or_default();
        copy.row(count);
        copy.int8(i64::try_from(line).unwrap_or(i64::MAX));
        copy.int2(round);
        let columns = self.dataset.columns.iter().zip(&self.indexes);
        for ((column, index), value) in columns.zip(&self.values) {
            value::write(copy, column.kind, *value, fields.get(*index));
        }
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
