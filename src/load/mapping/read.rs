//! From a table of a mapping to the format of a dataset, checked.

use super::keys::{Keys, unknown};
use crate::dataset::Dataset;
use crate::load::decode::{DateFormat, DecimalMark, Encoding, Format, check_format};

/// Keys that a mapping may also have for all datasets.
pub(super) const SHARED: &[&str] = &[
    "encoding", "delimiter", "terminator", "quote", "header", "skip", "skip_after_header",
    "footer", "null", "null_in_quotes", "empty", "trim", "decimal", "group", "date", "true",
    "false", "whole_decimals", "loose_names", "extensions",
];
/// Keys of one dataset.
pub(super) const OWN: &[&str] = &["files", "columns", "names", "constants", "defaults"];

/// Bytes of a separator.
const LONGEST_SEPARATOR: usize = 16;
/// Rows that can be skipped: the beginning of a file is examined at once.
const MOST_SKIPPED: usize = 1_000;
/// What groups digits anywhere.
const GROUPS: [&str; 9] = [".", ",", " ", "'", "_", "\u{a0}", "\u{202f}", "\u{2009}", "\u{2019}"];

/// Reads the format of a dataset.
pub(super) fn format(dataset: &Dataset, keys: &Keys<'_>) -> Result<Format, String> {
    let header = keys.flag("header")?.unwrap_or(true);
    let columns = match keys.texts("columns")? {
        Some(columns) => columns,
        None if header => Vec::new(),
        None => dataset.columns.iter().map(|column| column.source.to_owned()).collect(),
    };
    let texts = |key| keys.texts(key).map(Option::unwrap_or_default);
    let plain = Format::default();
    let format = Format {
        encoding: encoding(keys)?,
        delimiters: texts("delimiter")?,
        terminators: texts("terminator")?,
        quote: quote(keys)?,
        header,
        skip: keys.count("skip", MOST_SKIPPED)?.unwrap_or_default(),
        skip_after_header: keys.count("skip_after_header", MOST_SKIPPED)?.unwrap_or_default(),
        footers: texts("footer")?,
        columns,
        names: keys.map("names")?,
        constants: keys.map("constants")?,
        defaults: keys.map("defaults")?,
        nulls: keys.texts("null")?,
        empties: texts("empty")?,
        null_in_quotes: keys.flag("null_in_quotes")?.unwrap_or(plain.null_in_quotes),
        trim: keys.flag("trim")?.unwrap_or_default(),
        decimal: decimal(keys)?,
        groups: texts("group")?,
        dates: texts("date")?,
        yes: texts("true")?,
        no: texts("false")?,
        whole_decimals: keys.flag("whole_decimals")?.unwrap_or_default(),
        loose_names: keys.flag("loose_names")?.unwrap_or_default(),
    };
    check_separators(keys, &format)?;
    check_values(keys, &format)?;
    check_columns(dataset, keys, &format)?;
    check_format(dataset, &format).map_err(|error| keys.wrong("constants", error.message()))?;
    Ok(format)
}

fn encoding(keys: &Keys<'_>) -> Result<Option<Encoding>, String> {
    const NAMES: [(&str, Encoding); 5] = [
        ("utf-8", Encoding::Utf8),
        ("utf-16le", Encoding::Utf16Le),
        ("utf-16be", Encoding::Utf16Be),
        ("windows-1252", Encoding::Windows1252),
        ("latin-1", Encoding::Latin1),
    ];
    let Some(text) = keys.text("encoding")? else { return Ok(None) };
    let found = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, encoding)| Some(*encoding)).ok_or_else(|| {
        let names = NAMES.map(|(name, _)| name);
        keys.wrong("encoding", unknown("encoding", text, &names))
    })
}

fn quote(keys: &Keys<'_>) -> Result<Option<char>, String> {
    let Some(text) = keys.text("quote")? else { return Ok(Some('"')) };
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (None, _) => Ok(None),
        (Some(quote), None) if quote.is_ascii_punctuation() => Ok(Some(quote)),
        _ => Err(keys.wrong(
            "quote",
            format!("expected one ASCII mark such as \"'\", or \"\" for none, found {text:?}"),
        )),
    }
}

fn decimal(keys: &Keys<'_>) -> Result<Option<DecimalMark>, String> {
    match keys.text("decimal")? {
        None => Ok(None),
        Some(",") => Ok(Some(DecimalMark::Comma)),
        Some(".") => Ok(Some(DecimalMark::Dot)),
        Some(other) => {
            Err(keys.wrong("decimal", format!("expected \",\" or \".\", found {other:?}")))
        }
    }
}

fn check_separators(keys: &Keys<'_>, format: &Format) -> Result<(), String> {
    let lists = [("delimiter", &format.delimiters), ("terminator", &format.terminators)];
    for (key, separators) in lists {
        for separator in separators {
            if separator.is_empty() || separator.len() > LONGEST_SEPARATOR {
                let why = format!("expected 1 to {LONGEST_SEPARATOR} bytes, found {separator:?}");
                return Err(keys.wrong(key, why));
            }
            if format.quote.is_some_and(|quote| separator.contains(quote)) {
                let why = format!(
                    "{separator:?} has the quote in it; say `quote = \"\"` if the files have none"
                );
                return Err(keys.wrong(key, why));
            }
            if key == "delimiter" && separator.contains(['\r', '\n', '\0']) {
                return Err(keys.wrong(key, format!("{separator:?} has a line end or a NUL in it")));
            }
        }
    }
    for terminator in &format.terminators {
        for delimiter in &format.delimiters {
            if terminator.starts_with(delimiter) || delimiter.starts_with(terminator) {
                let why = format!(
                    "{terminator:?} and the delimiter {delimiter:?} begin alike; a row could end in either"
                );
                return Err(keys.wrong("terminator", why));
            }
        }
    }
    match format.footers.iter().find(|footer| footer.trim_matches('*').is_empty()) {
        Some(footer) => Err(keys.wrong("footer", format!("{footer:?} fits every line"))),
        None => Ok(()),
    }
}

fn check_values(keys: &Keys<'_>, format: &Format) -> Result<(), String> {
    for group in &format.groups {
        if !GROUPS.contains(&group.as_str()) {
            let why = format!(
                "{group:?} groups no digits; expected a blank, \".\", \",\", \"'\" or \"_\""
            );
            return Err(keys.wrong("group", why));
        }
        let Some(decimal) = format.decimal else {
            return Err(
                keys.wrong("group", "the decimal mark must be given too: `decimal = \",\"`")
            );
        };
        if group.as_bytes() == [decimal.byte()] {
            return Err(keys.wrong("group", format!("{group:?} is the decimal mark already")));
        }
    }
    let mut dates = Vec::new();
    for pattern in &format.dates {
        let date = DateFormat::parse(pattern)
            .map_err(|why| keys.wrong("date", format!("{pattern:?}: {why}")))?;
        dates.push(date);
    }
    for (at, date) in dates.iter().enumerate() {
        let disagrees = |other: &&DateFormat| date.disagrees(other) || other.disagrees(date);
        if let Some(other) = dates.iter().skip(at + 1).find(disagrees) {
            let why = format!(
                "{:?} and {:?} read the same text as different days; keep the one the files have",
                date.pattern(),
                other.pattern()
            );
            return Err(keys.wrong("date", why));
        }
    }
    let is_no = |word: &&String| format.no.iter().any(|no| no.eq_ignore_ascii_case(word));
    match format.yes.iter().find(is_no) {
        Some(word) => Err(keys.wrong("true", format!("{word:?} is in `false` too"))),
        None => Ok(()),
    }
}

fn check_columns(dataset: &Dataset, keys: &Keys<'_>, format: &Format) -> Result<(), String> {
    let known: Vec<&str> = dataset.columns.iter().map(|column| column.source).collect();
    let is_known = |name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    let lists = [
        ("columns", format.columns.iter().filter(|name| !name.is_empty()).collect::<Vec<_>>()),
        ("names", format.names.values().collect()),
        ("constants", format.constants.keys().collect()),
        ("defaults", format.defaults.keys().collect()),
    ];
    for (key, names) in lists {
        for (at, name) in names.iter().enumerate() {
            if !is_known(name) {
                let what = format!("column {name} of {}", dataset.file_stem);
                return Err(keys.wrong(key, unknown(&what, name, &known)));
            }
            if names.iter().take(at).any(|before| before.eq_ignore_ascii_case(name)) {
                return Err(keys.wrong(key, format!("{name} is there more than once")));
            }
        }
    }
    if format.header {
        if keys.has("columns") {
            let why = "only files without a header have an order of columns; say `header = false`, \
                       or `names` for a header that calls columns otherwise";
            return Err(keys.wrong("columns", why));
        }
        return Ok(());
    }
    if let Some(name) = format.names.keys().next() {
        let why =
            format!("there is no header that could say {name}; list the columns in `columns`");
        return Err(keys.wrong("names", why));
    }
    let lacking: Vec<&str> = dataset
        .columns
        .iter()
        .map(|column| column.source)
        .filter(|name| {
            let is_there = format.columns.iter().any(|column| column.eq_ignore_ascii_case(name));
            let is_given = [&format.constants, &format.defaults]
                .iter()
                .any(|given| given.keys().any(|column| column.eq_ignore_ascii_case(name)));
            !is_there && !is_given
        })
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let why =
        format!("lacks {}; name them, or give them a value in `constants`", lacking.join(", "));
    Err(keys.wrong("columns", why))
}
