//! Converts values that are not fields of a text: each is given by itself, or is none.

use super::{RowConverter, Staged, stored};
use crate::dataset::Kind;
use crate::db::copy::CopyWriter;
use crate::db::text;
use crate::load::decode::batch::RowKey;
use crate::load::decode::value::{self, Value};
use crate::load::rejects::reason::{Fault, Reason};

impl RowConverter {
    /// Converts one value for each column and returns the key; [`RowConverter::write_cells`]
    /// then writes the row. As in a file of rows, an empty text is none; other than there,
    /// the text `NULL` is a text.
    pub(in crate::load::decode) fn convert_cells(
        &mut self,
        cells: &[Option<&[u8]>],
    ) -> Result<RowKey, Fault> {
        self.plain = cells.iter().flatten().all(|cell| text::is_plain(cell));
        self.values.clear();
        let columns = self.dataset.columns.iter().zip(cells).zip(&mut self.marks);
        for ((column, cell), marks) in columns {
            let cell = cell.unwrap_or_default();
            if cell.contains(&0) {
                let message = "expected text without NUL".to_owned();
                return Err(value::fault(column, Reason::InvalidEncoding, message));
            }
            let text = stored(column.kind, cell, self.plain);
            let is_text = matches!(column.kind, Kind::Text { .. } | Kind::Padded { .. });
            let value = match is_text && !text.is_empty() {
                true => value::text(column, &text)?,
                false => value::convert(column, &text, marks)?,
            };
            self.values.push(value);
        }
        self.checked()
    }

    /// Writes the row converted last.
    pub(in crate::load::decode) fn write_cells(
        &self,
        copy: &mut CopyWriter,
        staged: Staged,
        cells: &[Option<&[u8]>],
    ) {
        self.begin_row(copy, staged);
        let columns = self.dataset.columns.iter().zip(cells).zip(&self.values);
        for ((column, cell), value) in columns {
            let text = match value {
                Value::Text(_) => stored(column.kind, cell.unwrap_or_default(), self.plain),
                _ => std::borrow::Cow::Borrowed(&[][..]),
            };
            value::write(copy, column.kind, *value, &text);
        }
    }
}
