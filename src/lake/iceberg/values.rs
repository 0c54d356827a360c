//! Values of Avro, to and from those of this program.

use apache_avro::types::Value;

use crate::error::{Code, Error, Result};

/// A record.
pub(super) fn record<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Record(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

/// A value that may be null.
pub(super) fn optional(value: Option<Value>) -> Value {
    match value {
        Some(value) => Value::Union(1, Box::new(value)),
        None => Value::Union(0, Box::new(Value::Null)),
    }
}

/// The fields of a record that is read.
pub(super) struct Fields(Vec<(String, Value)>);

impl Fields {
    pub(super) fn of(value: Value) -> Result<Self> {
        match plain(value) {
            Value::Record(fields) => Ok(Self(fields)),
            _ => Err(broken("a record is missing")),
        }
    }

    /// The value of a field; null if there is none.
    pub(super) fn take(&mut self, name: &str) -> Value {
        let found = self.0.iter_mut().find(|(own, _)| own == name);
        found.map_or(Value::Null, |(_, value)| plain(std::mem::replace(value, Value::Null)))
    }

    pub(super) fn long(&mut self, name: &str) -> Result<Option<i64>> {
        match self.take(name) {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(value.into())),
            Value::Long(value) => Ok(Some(value)),
            _ => Err(broken(name)),
        }
    }

    pub(super) fn required_long(&mut self, name: &str) -> Result<i64> {
        self.long(name)?.ok_or_else(|| broken(name))
    }

    pub(super) fn int(&mut self, name: &str) -> Result<Option<i32>> {
        let found = self.long(name)?;
        found.map(|value| i32::try_from(value).map_err(|_| broken(name))).transpose()
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String> {
        match self.take(name) {
            Value::String(text) => Ok(text),
            _ => Err(broken(name)),
        }
    }

    pub(super) fn array(&mut self, name: &str) -> Result<Vec<Value>> {
        match self.take(name) {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => Ok(items),
            _ => Err(broken(name)),
        }
    }
}

fn plain(value: Value) -> Value {
    match value {
        Value::Union(_, inner) => *inner,
        value => value,
    }
}

/// A file that is not as the specification has it.
pub(super) fn broken(what: &str) -> Error {
    let message = format!("a manifest of the lake cannot be read: {what}");
    Error::new(Code::Conflict, message)
}

/// What Avro says.
#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
pub(super) fn of_avro(error: apache_avro::Error) -> Error {
    broken("its Avro is broken").with_source(error.to_string())
}
