//! Standard output and tables.

use std::io::{self, Write as _};

use crate::error::{Error, Result};

/// Writes `text` to standard output. A closed pipe (`| head`) is not a failure.
pub fn print(text: &str) -> Result<()> {
    write(text.as_bytes())
}

/// Likewise bytes as they are.
pub fn write(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::internal("standard output cannot be written").with_source(error))
        }
        _ => Ok(()),
    }
}

/// One cell of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Left-aligned.
    Text(String),
    /// Right-aligned, with thousands separators.
    Count(u64),
    /// Right-aligned, with two decimals.
    Seconds(f64),
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => thousands(*count),
            Self::Seconds(seconds) => format!("{seconds:.2}"),
        }
    }

    fn is_number(&self) -> bool {
        !matches!(self, Self::Text(_))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

/// `1234567` as `1,234,567`.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A table as text. Columns with numbers are right-aligned.
#[derive(Debug)]
pub struct Table<const COLUMNS: usize> {
    head: [&'static str; COLUMNS],
    rows: Vec<[Cell; COLUMNS]>,
    foot: Option<[Cell; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table without rows.
    #[must_use]
    pub const fn new(head: [&'static str; COLUMNS]) -> Self {
        Self { head, rows: Vec::new(), foot: None }
    }

    /// Adds a row.
    pub fn push(&mut self, row: [Cell; COLUMNS]) {
        self.rows.push(row);
    }

    /// Sets the row of totals, shown below a rule.
    pub fn foot(&mut self, row: [Cell; COLUMNS]) {
        self.foot = Some(row);
    }

    /// The table as lines, with a rule below the head.
    #[must_use]
    pub fn render(&self) -> String {
        let head = self.head.map(Cell::from);
        let cells = |row: &[Cell; COLUMNS]| row.each_ref().map(Cell::text);
        let body: Vec<_> = self.rows.iter().map(cells).collect();
        let foot = self.foot.as_ref().map(cells);
        let head = cells(&head);

        let mut columns = [Column { width: 0, right: false }; COLUMNS];
        for row in body.iter().chain(&foot).chain([&head]) {
            for (column, cell) in columns.iter_mut().zip(row) {
                column.width = column.width.max(cell.chars().count());
            }
        }
        for row in self.rows.iter().chain(&self.foot) {
            for (column, cell) in columns.iter_mut().zip(row) {
                column.right |= cell.is_number();
            }
        }

        let rule = columns.map(|column| "-".repeat(column.width));
        let mut text = line(&columns, &head) + &line(&columns, &rule);
        for row in &body {
            text.push_str(&line(&columns, row));
        }
        if let Some(foot) = &foot {
            text.push_str(&line(&columns, &rule));
            text.push_str(&line(&columns, foot));
        }
        text
    }
}

#[derive(Clone, Copy)]
struct Column {
    width: usize,
    right: bool,
}

fn line(columns: &[Column], cells: &[String]) -> String {
    let padded: Vec<String> = columns
        .iter()
        .zip(cells)
        .map(
            |(&Column { width, right }, cell)| {
                if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            },
        )
        .collect();
    format!("{}\n", padded.join("  ").trim_end())
}

/// The last part of a key.
pub(super) fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// A count, which is never negative.
pub(super) fn whole(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (121_317, "121,317"),
            (1 << 32, "4,294,967,296"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn numbers_are_right_aligned() {
        let mut table = Table::new(["file", "rows read", "seconds"]);
        table.push(["Person.Person.csv".into(), 19_972.into(), Cell::Seconds(0.5)]);
        table.push(["é.csv".into(), 3.into(), Cell::Seconds(12.345)]);
        table.foot(["total".into(), 19_975.into(), Cell::Seconds(12.845)]);
        let expected = "\
file               rows read  seconds
-----------------  ---------  -------
Person.Person.csv     19,972     0.50
é.csv                      3    12.35
-----------------  ---------  -------
total                 19,975    12.85
";
        assert_eq!(table.render(), expected);
    }
}
