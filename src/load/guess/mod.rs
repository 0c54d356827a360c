//! A first mapping for a file of another shape: how it is written is told by its beginning,
//! its dataset and columns by names and values. Nothing is loaded.

mod columns;
mod layout;
mod values;
mod write;

use std::fmt::Write as _;

use self::columns::Known;
use super::decode::{preview, text_of};
use super::mapping::Mapping;
use crate::dataset::{self, Dataset};
use crate::error::{Code, Error, Result};

/// Bytes of a file that are looked at, as stored.
pub const LOOKED_AT: usize = 256 * 1024;
/// Rows that are shown.
const SHOWN: usize = 3;
/// More control characters than this are no text, in percent. An empty text may be one NUL.
const MOST_CONTROLS: usize = 5;
/// Below this the dataset is not told, in percent.
const LEAST_SURE: u8 = 15;

/// A first mapping: TOML, whose comments say how sure it is of each column, and show three
/// rows as they would be loaded. `head` is the beginning of the file, `dataset` the name of
/// its table if that is known.
///
/// # Errors
/// `BadUserInput`: the file is empty or cannot be decompressed, is no text or has no columns, or
/// is like no dataset;
/// `NotFound`: there is no such dataset.
pub fn first_mapping(name: &str, head: &[u8], dataset: Option<&str>) -> Result<String> {
    let wanted = dataset.map(named).transpose()?;
    let unlike = |why: String| Error::new(Code::BadUserInput, format!("{name} {why}"));
    let (encoding, text) =
        text_of(head).map_err(|error| unlike(format!("cannot be read: {}", error.message())))?;
    let controls = controls(&text);
    if controls > MOST_CONTROLS {
        return Err(unlike(format!(
            "is no text: {controls}% of its beginning are control characters; expected CSV in \
             UTF-8, UTF-16 or windows-1252"
        )));
    }
    let layout = layout::layout(&text).ok_or_else(|| {
        unlike(format!(
            "has no columns: none of the delimiters {} divides its first records alike; say it in \
             a mapping with `delimiter`",
            layout::DELIMITERS.map(|delimiter| format!("{delimiter:?}")).join(" "),
        ))
    })?;
    let mut notation = values::notation(&layout.rows, layout.fields());
    if layout.header.is_none() && !layout.is_quoted && notation.nulls.is_none() {
        notation.nulls = Some(vec![String::new(), "NULL".to_owned()]);
    }
    let format = notation.format();
    let known = Known {
        name,
        header: layout.header.as_deref(),
        rows: &layout.rows,
        count: layout.fields(),
        format: &format,
    };
    let fit = columns::fit(known, wanted);
    let fit = fit.filter(|fit| wanted.is_some() || fit.sure >= LEAST_SURE);
    let Some(fit) = fit else {
        return Err(unlike(format!(
            "is like no dataset by its names and values; say which it is with --dataset, one of {}",
            tables().join(", ")
        )));
    };
    let toml = write::toml(name, encoding, &layout, &notation, &fit);
    let mut mapping = format!(
        "# A first mapping for {}.\n# {}% sure that it is {}: its name, and the columns below.\n\
         # {}% of its first records have {} fields.\n",
        write::one_line(name),
        fit.sure,
        fit.dataset.file_stem,
        layout.sure,
        layout.fields(),
    );
    for doubt in &notation.doubts {
        let _ = writeln!(mapping, "# Doubtful: {doubt}.");
    }
    mapping.push_str("# Check it, then: salesgraph load --mapping THIS_FILE --check\n\n");
    mapping.push_str(&toml);
    mapping.push('\n');
    match shown(fit.dataset, &toml, head) {
        Ok(preview) => mapping.push_str(&write::rows(&fit, &preview)),
        Err(error) => {
            let _ = writeln!(mapping, "# Not loadable yet: {}", write::one_line(error.message()));
        }
    }
    Ok(mapping)
}

/// The share of control characters in a text, in percent. Line ends, tabs and the separators
/// among them are not counted.
fn controls(text: &[u8]) -> usize {
    let is_control = |byte: &&u8| matches!(byte, 0 | 2..=8 | 11 | 12 | 14..=27 | 127);
    100 * text.iter().filter(is_control).count() / text.len().max(1)
}

/// The first rows by the mapping as it is written.
fn shown(dataset: &'static Dataset, toml: &str, head: &[u8]) -> Result<super::decode::Preview> {
    let mapping = Mapping::parse("as guessed", toml)?;
    preview(dataset, mapping.format_of(dataset).as_deref(), head, SHOWN)
}

fn tables() -> Vec<&'static str> {
    dataset::ALL.iter().map(|dataset| dataset.table).collect()
}

fn named(name: &str) -> Result<&'static Dataset> {
    let found = dataset::ALL.iter().copied().find(|dataset| {
        dataset.table.eq_ignore_ascii_case(name) || dataset.file_stem.eq_ignore_ascii_case(name)
    });
    found.ok_or_else(|| {
        let message = format!("there is no dataset {name}; known are {}", tables().join(", "));
        Error::new(Code::NotFound, message)
    })
}

#[cfg(test)]
mod tests;
