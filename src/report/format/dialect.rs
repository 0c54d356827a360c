//! What a CSV file is like, for spreadsheets of other locales.

use crate::error::{Code, Error, Result};

/// What a CSV file is like, for spreadsheets of other locales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CsvDialect {
    /// Between fields: one ASCII character.
    pub delimiter: u8,
    /// Between the integer digits and the others: `.` or `,`.
    pub decimal_separator: u8,
    /// Whether the file begins with the byte order mark of UTF-8.
    pub byte_order_mark: bool,
}

impl Default for CsvDialect {
    fn default() -> Self {
        Self { delimiter: b',', decimal_separator: b'.', byte_order_mark: false }
    }
}

impl CsvDialect {
    /// Refuses characters that programs would not read.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with those that may be.
    pub fn check(self) -> Result<()> {
        if !matches!(self.delimiter, b',' | b';' | b'\t' | b'|') {
            let message = "delimiter: expected a comma, a semicolon, a tab or a vertical bar";
            return Err(Error::new(Code::BadUserInput, message));
        }
        if !matches!(self.decimal_separator, b'.' | b',') {
            let message = "decimalSeparator: expected a point or a comma";
            return Err(Error::new(Code::BadUserInput, message));
        }
        Ok(())
    }
}
