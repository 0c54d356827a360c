//! Writes a guess as a mapping, whose comments say how sure it is.

use std::fmt::Write as _;

use super::columns::{Field, Fit};
use super::layout::Layout;
use super::values::Notation;
use crate::load::decode::{Encoding, Preview};

/// Letters of a value that are shown.
const SHOWN: usize = 40;

/// The mapping without its comments at the head and the rows.
pub(super) fn toml(
    name: &str,
    encoding: Encoding,
    layout: &Layout,
    notation: &Notation,
    fit: &Fit,
) -> String {
    // All of it is of this dataset: plain files of the others are loaded as before.
    let mut text = format!("[dataset.{}]\n", fit.dataset.table);
    let file = name.rsplit('/').next().unwrap_or(name);
    let file = file.strip_suffix(".gz").or_else(|| file.strip_suffix(".zst")).unwrap_or(file);
    let mut line = |key: &str, value: String| {
        let _ = writeln!(text, "{key} = {value}");
    };
    line("files", list(&[file.to_owned()]));
    match encoding {
        Encoding::Utf8 => {}
        Encoding::Utf16Le => line("encoding", quoted("utf-16le")),
        Encoding::Utf16Be => line("encoding", quoted("utf-16be")),
        Encoding::Windows1252 => line("encoding", quoted("windows-1252")),
        Encoding::Latin1 => line("encoding", quoted("latin-1")),
    }
    line("delimiter", quoted(&layout.delimiter));
    if let Some(terminator) = &layout.terminator {
        line("terminator", quoted(terminator));
    }
    if !layout.is_quoted {
        line("quote", quoted(""));
    }
    if layout.header.is_none() {
        line("header", "false".to_owned());
    }
    if layout.ruled > 0 {
        line("skip_after_header", layout.ruled.to_string());
        line("footer", list(&["(* rows affected)".to_owned()]));
    }
    if let Some(nulls) = &notation.nulls {
        line("null", list(nulls));
    }
    if !notation.dates.is_empty() {
        line("date", list(&notation.dates));
    }
    if !notation.yes.is_empty() {
        line("true", list(&notation.yes));
        line("false", list(&notation.no));
    }
    if notation.whole_decimals {
        line("whole_decimals", "true".to_owned());
    }
    fields(&mut text, layout, fit);
    text
}

fn fields(text: &mut String, layout: &Layout, fit: &Fit) {
    let comment = |field: &Field| format!("# {}%: {}", field.sure, field.why);
    if layout.header.is_none() {
        text.push_str("columns = [\n");
        for field in &fit.fields {
            let column = field.column.map_or("", |column| column.source);
            let _ = writeln!(text, "    {}, {} ({})", quoted(column), comment(field), field.name);
        }
        text.push_str("]\n");
    } else {
        let _ = writeln!(text, "\n[dataset.{}.names]", fit.dataset.table);
        for field in &fit.fields {
            let name = quoted(&field.name);
            match field.column {
                Some(column) => {
                    let _ = writeln!(text, "{name} = {} {}", quoted(column.source), comment(field));
                }
                None => {
                    let _ = writeln!(text, "# {name} is not loaded: {}", field.why);
                }
            }
        }
    }
    let is_found = |source: &str| {
        fit.fields.iter().any(|field| field.column.is_some_and(|column| column.source == source))
    };
    let lacking: Vec<_> =
        fit.dataset.columns.iter().filter(|column| !is_found(column.source)).collect();
    if lacking.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n# The file lacks these; each row gets the value given here.");
    let _ = writeln!(text, "[dataset.{}.constants]", fit.dataset.table);
    for column in lacking {
        match column.required {
            true => {
                let _ = writeln!(text, "# {} = \"\" # a value is required", column.source);
            }
            false => {
                let _ = writeln!(text, "{} = \"\"", column.source);
            }
        }
    }
}

/// The rows as they would be loaded, as comments.
pub(super) fn rows(fit: &Fit, preview: &Preview) -> String {
    let mut text = String::new();
    for (at, row) in preview.rows.iter().enumerate() {
        let _ = writeln!(text, "#\n# row {} as it would be loaded:", at + 1);
        for (column, value) in fit.dataset.columns.iter().zip(row) {
            let value = value.as_deref().map_or_else(|| "null".to_owned(), short);
            let _ = writeln!(text, "#   {:<24} {value}", column.source);
        }
    }
    for (line, why) in &preview.faults {
        let _ = writeln!(text, "#\n# line {line} would be rejected: {}", one_line(why));
    }
    text
}

fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// A comment ends at the end of its line.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}
