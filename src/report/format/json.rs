//! JSON: an object a row, by the names of the columns; of a single column of JSON values, the
//! value itself.

use super::cell::Cell;
use super::column::{Column, Type};
use super::{number, text};
use crate::error::{Error, Result};

/// Writes rows as JSON objects: one a line, or in an array.
#[derive(Debug)]
pub(crate) struct JsonRows {
    /// Of each column, with what comes before its value.
    keys: Vec<Vec<u8>>,
    is_array: bool,
    is_first: bool,
    /// Whether a row is its only value.
    is_bare: bool,
}

impl JsonRows {
    pub(crate) fn new(is_array: bool, columns: &[Column]) -> Result<Self> {
        let is_bare = matches!(columns, [Column { ty: Type::Json, .. }]);
        let mut keys = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            let mut key = if index == 0 { b"{".to_vec() } else { b",".to_vec() };
            string(&mut key, &column.name)?;
            key.push(b':');
            keys.push(key);
        }
        Ok(Self { keys, is_array, is_first: true, is_bare })
    }

    pub(crate) fn begin(&self, out: &mut Vec<u8>) {
        if self.is_array {
            out.push(b'[');
        }
    }

    pub(crate) fn finish(&self, out: &mut Vec<u8>) {
        if self.is_array {
            out.extend_from_slice(if self.is_first { b"]\n" } else { b"\n]\n" });
        }
    }

    /// One row. After an error the output has a part of it.
    pub(crate) fn row<'a>(
        &mut self,
        out: &mut Vec<u8>,
        cells: impl Iterator<Item = Result<Cell<'a>>>,
    ) -> Result<()> {
        if self.is_array {
            out.extend_from_slice(if self.is_first { b"\n" } else { b",\n" });
        }
        self.is_first = false;
        for (key, cell) in self.keys.iter().zip(cells) {
            if !self.is_bare {
                out.extend_from_slice(key);
            }
            value(out, &cell?)?;
        }
        if !self.is_bare {
            out.push(b'}');
        }
        if !self.is_array {
            out.push(b'\n');
        }
        Ok(())
    }
}

fn value(out: &mut Vec<u8>, cell: &Cell<'_>) -> Result<()> {
    match cell {
        Cell::Null => out.extend_from_slice(b"null"),
        Cell::Boolean(is) => out.extend_from_slice(if *is { b"true" } else { b"false" }),
        Cell::Integer(value) => number::integer(out, *value),
        // A number of JSON may have any digits.
        Cell::Decimal(value) => value.write(out, b'.'),
        Cell::Text(value) => string(out, value)?,
        Cell::Json(value) => out.extend_from_slice(value.as_bytes()),
        Cell::Uuid(bytes) => {
            out.push(b'"');
            text::uuid(out, *bytes);
            out.push(b'"');
        }
        Cell::Date(_) | Cell::LocalDateTime(_) | Cell::DateTime(_) => {
            out.push(b'"');
            text::moment(out, cell)?;
            out.push(b'"');
        }
        Cell::Ints(list) => text::integers(out, list),
    }
    Ok(())
}

fn string(out: &mut Vec<u8>, text: &str) -> Result<()> {
    serde_json::to_writer(out, text)
        .map_err(|error| Error::internal("a text cannot be written").with_source(error))
}
