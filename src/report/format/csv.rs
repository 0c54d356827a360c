//! CSV as RFC 4180 writes it, with guards against formulas.

use super::cell::Cell;
use super::column::Column;
use super::dialect::CsvDialect;
use super::{number, text};
use crate::error::Result;

/// Writes rows as CSV.
#[derive(Debug)]
pub(crate) struct CsvRows {
    dialect: CsvDialect,
    /// Whether decimal numbers contain the delimiter.
    quotes_decimals: bool,
    /// What a row of nothing but one missing value is: an empty line would be no row to most
    /// programs.
    lone_null: &'static [u8],
}

/// With these a spreadsheet begins a formula.
const FORMULA: &[u8] = b"=+-@\t\r";

impl CsvRows {
    pub(crate) fn new(dialect: CsvDialect, columns: &[Column]) -> Self {
        let quotes_decimals = dialect.delimiter == dialect.decimal_separator;
        let lone_null: &[u8] = if columns.len() == 1 { b"\"\"" } else { b"" };
        Self { dialect, quotes_decimals, lone_null }
    }

    /// The byte order mark and the header.
    pub(crate) fn begin(&self, out: &mut Vec<u8>, columns: &[Column]) {
        if self.dialect.byte_order_mark {
            out.extend_from_slice("\u{feff}".as_bytes());
        }
        for (index, column) in columns.iter().enumerate() {
            self.delimit(out, index);
            self.text(out, &column.name);
        }
        out.extend_from_slice(b"\r\n");
    }

    /// One row. After an error the output has a part of it.
    pub(crate) fn row<'a>(
        &self,
        out: &mut Vec<u8>,
        cells: impl Iterator<Item = Result<Cell<'a>>>,
    ) -> Result<()> {
        for (index, cell) in cells.enumerate() {
            self.delimit(out, index);
            match cell? {
                Cell::Null => out.extend_from_slice(self.lone_null),
                Cell::Integer(value) => number::integer(out, value),
                Cell::Decimal(value) if self.quotes_decimals && value.scale() > 0 => {
                    out.push(b'"');
                    value.write(out, self.dialect.decimal_separator);
                    out.push(b'"');
                }
                Cell::Decimal(value) => value.write(out, self.dialect.decimal_separator),
                Cell::Text(value) => self.text(out, &value),
                Cell::Json(value) => self.text(out, value),
                Cell::Boolean(is) => out.extend_from_slice(if is { b"true" } else { b"false" }),
                Cell::Uuid(bytes) => text::uuid(out, bytes),
                moment @ (Cell::Date(_) | Cell::LocalDateTime(_) | Cell::DateTime(_)) => {
                    text::moment(out, &moment)?;
                }
                Cell::Ints(list) => {
                    // Always with quotes: it may have commas.
                    out.push(b'"');
                    text::integers(out, &list);
                    out.push(b'"');
                }
            }
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn delimit(&self, out: &mut Vec<u8>, index: usize) {
        if index > 0 {
            out.push(self.dialect.delimiter);
        }
    }

    fn text(&self, out: &mut Vec<u8>, text: &str) {
        let bytes = text.as_bytes();
        let is_formula = bytes.first().is_some_and(|first| FORMULA.contains(first));
        // All bytes at once: that is faster than to stop at the first.
        let is_special = bytes.iter().fold(false, |found, byte| {
            found | (*byte == self.dialect.delimiter) | matches!(byte, b'"' | b'\r' | b'\n')
        });
        if !bytes.is_empty() && !is_special {
            if is_formula {
                out.push(b'\'');
            }
            return out.extend_from_slice(bytes);
        }
        out.push(b'"');
        if is_formula {
            out.push(b'\'');
        }
        for part in bytes.split_inclusive(|byte| *byte == b'"') {
            out.extend_from_slice(part);
            if part.ends_with(b"\"") {
                out.push(b'"');
            }
        }
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::db::numeric::Numeric;
    use crate::report::format::Type;

    const NUMBER: [u8; 12] = [0, 2, 0, 0, 0x40, 0, 0, 2, 0, 12, 0x0d, 0x48];

    fn rows(dialect: CsvDialect, names: &[&str], cells: Vec<Cell<'_>>) -> String {
        let column =
            |name: &&str| Column { name: (*name).to_owned(), ty: Type::Text, nullable: true };
        let columns: Vec<Column> = names.iter().map(column).collect();
        let csv = CsvRows::new(dialect, &columns);
        let mut out = Vec::new();
        csv.begin(&mut out, &columns);
        csv.row(&mut out, cells.into_iter().map(Ok)).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn text(text: &str) -> Cell<'_> {
        Cell::Text(Cow::Borrowed(text))
    }

    #[test]
    fn text_is_quoted_where_it_must_be() {
        let cells = vec![text("a"), text("a,b"), text("\"\""), text(""), Cell::Null, text("a\nb")];
        let shown = rows(CsvDialect::default(), &["a", "b", "c", "d", "e", "f,g"], cells);
        assert_eq!(shown, "a,b,c,d,e,\"f,g\"\r\na,\"a,b\",\"\"\"\"\"\",\"\",,\"a\nb\"\r\n");
    }

    #[test]
    fn formulas_become_text_and_numbers_stay() {
        let number = Cell::Decimal(Numeric::read(&NUMBER).unwrap());
        let cells =
            vec![text("=1+1"), text("-x,"), text("\rx"), text("a=b"), number, Cell::Integer(-3)];
        let shown = rows(CsvDialect::default(), &["@a", "b", "c", "d", "e", "f"], cells);
        let row = "'=1+1,\"'-x,\",\"'\rx\",a=b,-12.34,-3\r\n";
        assert_eq!(shown, format!("'@a,b,c,d,e,f\r\n{row}"));
    }

    #[test]
    fn a_decimal_comma_is_no_delimiter() {
        let number = || Cell::Decimal(Numeric::read(&NUMBER).unwrap());
        let comma = CsvDialect { decimal_separator: b',', ..CsvDialect::default() };
        assert_eq!(rows(comma, &["a", "b"], vec![number(), Cell::Null]), "a,b\r\n\"-12,34\",\r\n");
        let mark = CsvDialect { delimiter: b';', byte_order_mark: true, ..comma };
        let shown = rows(mark, &["a", "b"], vec![number(), text("a;b")]);
        assert_eq!(shown, "\u{feff}a;b\r\n-12,34;\"a;b\"\r\n");
    }

    #[test]
    fn a_row_of_one_missing_value_is_no_empty_line() {
        assert_eq!(rows(CsvDialect::default(), &["a"], vec![Cell::Null]), "a\r\n\"\"\r\n");
    }
}
