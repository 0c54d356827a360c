//! How values are written: words and date patterns, told by the rows. Decimal marks are not
//! told: rows further on may have another in a column of their own, and the loader detects them.

use crate::load::decode::{DateFormat, Format};

/// Patterns to try. Those of a day first come before those of a month first.
const DATES: [&str; 26] = [
    "yyyy-MM-dd", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.fff",
    "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.fff", "yyyy-MM-ddTHH:mm:ssZ",
    "yyyy-MM-ddTHH:mm:ss.fffZ", "dd.MM.yyyy", "dd.MM.yyyy HH:mm", "dd.MM.yyyy HH:mm:ss",
    "dd.MM.yyyy HH:mm:ss,fff", "d/M/yyyy", "d/M/yyyy HH:mm", "d/M/yyyy HH:mm:ss",
    "d/M/yyyy HH:mm:ss,fff", "d/M/yyyy h:mm:ss tt", "M/d/yyyy", "M/d/yyyy HH:mm",
    "M/d/yyyy HH:mm:ss", "M/d/yyyy h:mm tt", "M/d/yyyy h:mm:ss tt", "dd-MM-yyyy",
    "dd-MM-yyyy HH:mm:ss", "yyyy/MM/dd", "yyyy/MM/dd HH:mm:ss",
];
/// Patterns that plain files have as well.
const PLAIN_DATES: usize = 6;
/// Words for true and false.
const BOOLEANS: [(&str, &str); 9] = [
    ("WAHR", "FALSCH"),
    ("VRAI", "FAUX"),
    ("VERDADEIRO", "FALSO"),
    ("t", "f"),
    ("Y", "N"),
    ("yes", "no"),
    ("ja", "nein"),
    ("oui", "non"),
    ("sim", "não"),
];
/// Words for null.
const NULLS: [&str; 9] = ["\\N", "NaN", "N/A", "n/a", "#N/A", "(null)", "null", "None", "<NULL>"];

/// How values are written, and what is doubtful about it.
#[derive(Debug, Default)]
pub(super) struct Notation {
    pub(super) dates: Vec<String>,
    pub(super) yes: Vec<String>,
    pub(super) no: Vec<String>,
    /// `None` if null is written as in plain files.
    pub(super) nulls: Option<Vec<String>>,
    pub(super) whole_decimals: bool,
    pub(super) doubts: Vec<String>,
}

impl Notation {
    /// The same as a format of files with a header.
    pub(super) fn format(&self) -> Format {
        Format {
            dates: self.dates.clone(),
            yes: self.yes.clone(),
            no: self.no.clone(),
            nulls: self.nulls.clone(),
            whole_decimals: self.whole_decimals,
            ..Format::default()
        }
    }
}

/// Looks at all fields of the rows, column by column.
pub(super) fn notation(rows: &[Vec<String>], fields: usize) -> Notation {
    let mut found = Notation::default();
    let mut nulls: Vec<&str> = Vec::new();
    let mut is_plain_null = false;
    let mut patterns: Vec<&str> = Vec::new();
    for at in 0..fields {
        let column = || rows.iter().filter_map(|row| row.get(at)).map(|field| field.trim());
        is_plain_null |= column().any(|field| field == "NULL");
        for word in NULLS {
            if !nulls.contains(&word) && column().any(|field| field == word) {
                nulls.push(word);
            }
        }
        let is_null = |field: &&str| field.is_empty() || *field == "NULL" || NULLS.contains(field);
        let values: Vec<&str> = column().filter(|field| !is_null(field)).collect();
        if values.is_empty() {
            continue;
        }
        times(&values, &mut patterns, &mut found.doubts);
        booleans(&values, &mut found);
        found.whole_decimals |= values.iter().all(|value| {
            value.strip_suffix(".0").is_some_and(|whole| whole.parse::<i64>().is_ok())
        });
    }
    let is_plain =
        patterns.iter().all(|pattern| DATES.iter().take(PLAIN_DATES).any(|p| p == pattern));
    if !is_plain {
        found.dates = patterns.into_iter().map(str::to_owned).collect();
    }
    if !nulls.is_empty() {
        let plain: &[&str] = if is_plain_null { &["", "NULL"] } else { &[""] };
        found.nulls = Some(plain.iter().chain(&nulls).map(|word| (*word).to_owned()).collect());
    }
    found
}

/// The patterns that the values of a column fit, if each fits one.
fn times(values: &[&str], patterns: &mut Vec<&str>, doubts: &mut Vec<String>) {
    let formats =
        DATES.iter().filter_map(|pattern| Some((*pattern, DateFormat::parse(pattern).ok()?)));
    let formats: Vec<(&'static str, DateFormat)> = formats.collect();
    let fits = |format: &DateFormat, value: &str| format.read(value.as_bytes()).is_some();
    let all = |is_kept: &dyn Fn(&str) -> bool| {
        values.iter().all(|value| formats.iter().any(|(p, f)| is_kept(p) && fits(f, value)))
    };
    let is_month_first = |pattern: &str| pattern.starts_with('M');
    let is_day_first = |pattern: &str| pattern.starts_with("d/");
    let month_first = |pattern: &str| !is_day_first(pattern);
    let day_first = |pattern: &str| !is_month_first(pattern);
    if !all(&day_first) && !all(&month_first) {
        return;
    }
    let keeps_day = all(&day_first);
    if keeps_day && all(&month_first) && values.iter().any(|value| value.contains('/')) {
        let doubt = "the day may come first or the month, no value tells: see `date`";
        if !doubts.iter().any(|known| known == doubt) {
            doubts.push(doubt.to_owned());
        }
    }
    for value in values {
        let fitting = formats.iter().find(|(pattern, format)| {
            let is_kept = if keeps_day { day_first(pattern) } else { month_first(pattern) };
            is_kept && fits(format, value)
        });
        if let Some((pattern, _)) = fitting.filter(|(pattern, _)| !patterns.contains(pattern)) {
            patterns.push(pattern);
        }
    }
}

fn booleans(values: &[&str], found: &mut Notation) {
    let is = |value: &str, word: &str| value.eq_ignore_ascii_case(word);
    let pair = BOOLEANS
        .into_iter()
        .find(|(yes, no)| values.iter().all(|value| is(value, yes) || is(value, no)));
    let Some((yes, no)) = pair else { return };
    if !found.yes.iter().any(|known| known == yes) {
        found.yes.push(yes.to_owned());
        found.no.push(no.to_owned());
    }
}
