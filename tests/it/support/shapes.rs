//! Rewrites a file of the usual dialect into the shapes that other programs write.

use salesgraph::dataset::{self, Dataset, Kind};

use super::dialects::fields;

/// The values of a row, each with its column; `None` is null.
type Cells<'a> = &'a dyn Fn(&Row) -> Vec<String>;

/// A row of a file.
pub(crate) struct Row {
    /// Its number, from 0.
    pub(crate) number: usize,
    pub(crate) values: Vec<Value>,
}

/// A value as in a plain file, with a decimal dot.
pub(crate) struct Value {
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) text: Option<String>,
}

/// A file of the usual dialect, taken apart.
pub(crate) struct Rows {
    pub(crate) dataset: &'static Dataset,
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

impl Rows {
    pub(crate) fn of(key: &str, usual: &[u8]) -> Self {
        let dataset = dataset::by_object_key(key).expect("a dataset");
        let text = std::str::from_utf8(usual).expect("UTF-8").trim_start_matches('\u{feff}');
        let mut lines = text.lines();
        let header = fields(lines.next().expect("a header"));
        let column = |name: &String| {
            dataset.columns.iter().find(|column| column.source == name).expect("a column")
        };
        let row = |(number, line): (usize, &str)| {
            let values = header.iter().zip(fields(line)).map(|(name, text)| {
                let column = column(name);
                let is_number = matches!(column.kind, Kind::Decimal { .. });
                let text = if is_number { text.replace(',', ".") } else { text };
                let text = (text != "NULL").then_some(text);
                Value { kind: column.kind, required: column.required, text }
            });
            Row { number, values: values.collect() }
        };
        let rows = lines.enumerate().map(row).collect();
        Self { dataset, header, rows }
    }

    /// The rows, each made of its cells.
    pub(crate) fn joined(&self, delimiter: &str, end: &str, cells: Cells<'_>) -> String {
        let line = |row: &Row| cells(row).join(delimiter) + end;
        self.rows.iter().map(line).collect()
    }

    /// The table's name without the schema.
    pub(crate) fn table(&self) -> &'static str {
        self.dataset.file_stem.split('.').next_back().expect("a name")
    }
}

impl Value {
    /// The text, or that of null.
    pub(crate) fn or(&self, null: &str) -> String {
        self.text.clone().unwrap_or_else(|| null.to_owned())
    }

    /// As a spreadsheet writes it: its words, its patterns, digits in groups.
    pub(crate) fn localised(&self, of: &Locale) -> String {
        let Some(text) = &self.text else { return String::new() };
        match self.kind {
            Kind::Boolean if text == "1" => of.yes.to_owned(),
            Kind::Boolean => of.no.to_owned(),
            Kind::Timestamp => {
                let (date, time) = text.split_once(' ').expect("a date and a time");
                let date: Vec<&str> = date.split('-').collect();
                let date = [date[2], date[1], date[0]].join(of.date);
                format!("{date} {}", time.replace('.', ","))
            }
            Kind::Decimal { .. } => {
                let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
                let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
                let mut grouped = String::new();
                for (at, digit) in digits.chars().enumerate() {
                    if at > 0 && (digits.len() - at) % 3 == 0 {
                        grouped += of.group;
                    }
                    grouped.push(digit);
                }
                let mark = if fraction.is_empty() { "" } else { "," };
                format!("{sign}{grouped}{mark}{fraction}")
            }
            _ => text.clone(),
        }
    }
}

/// The settings of a spreadsheet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locale {
    /// Between day, month and year.
    pub(crate) date: &'static str,
    pub(crate) group: &'static str,
    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
}

/// A field as RFC 4180 quotes it.
pub(crate) fn quoted(text: &str, delimiter: char) -> String {
    if text.contains([delimiter, '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}
