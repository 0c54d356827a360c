//! Reads the keys of a TOML table; every error says where the key is, what was found there
//! and what is expected.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// Entries of a list or of a table; more are a mistake.
const MOST: usize = 256;

/// A table of a mapping.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    /// The place of the table, with a dot at its end unless it is the whole file.
    path: String,
    tables: Vec<&'a Table>,
}

impl<'a> Keys<'a> {
    /// Keys of the first of these tables that has them.
    pub(super) fn new(path: String, tables: Vec<&'a Table>) -> Self {
        Self { path, tables }
    }

    /// An error about a key.
    pub(super) fn wrong(&self, key: &str, why: impl std::fmt::Display) -> String {
        format!("{}{key}: {why}", self.path)
    }

    /// Refuses keys of the first table that are not among these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), String> {
        let own = self.tables.first().into_iter().flat_map(|table| table.keys());
        for key in own {
            if !known.contains(&key.as_str()) {
                return Err(self.wrong(key, unknown("key", key, known)));
            }
        }
        Ok(())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, String> {
        self.get(key).map(|value| self.as_text(key, value)).transpose()
    }

    /// A list of texts, or a single one.
    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<String>>, String> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let Value::Array(values) = value else {
            return self.as_text(key, value).map(|text| Some(vec![text.to_owned()]));
        };
        if values.len() > MOST {
            return Err(self.wrong(key, format!("at most {MOST} entries, found {}", values.len())));
        }
        let texts = values.iter().map(|value| self.as_text(key, value).map(str::to_owned));
        texts.collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, String> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Boolean(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.wrong(key, expected("true or false", other))),
        }
    }

    /// A whole number from 0 to `most`.
    pub(super) fn count(&self, key: &str, most: usize) -> Result<Option<usize>, String> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let count = value.as_integer().and_then(|count| usize::try_from(count).ok());
        count.filter(|count| *count <= most).map(Some).ok_or_else(|| {
            self.wrong(key, expected(&format!("a whole number from 0 to {most}"), value))
        })
    }

    /// A table of texts; numbers and booleans are taken as they are written.
    pub(super) fn map(&self, key: &str) -> Result<BTreeMap<String, String>, String> {
        let table = match self.get(key) {
            None => return Ok(BTreeMap::new()),
            Some(Value::Table(table)) => table,
            Some(other) => {
                let wanted = format!("a table such as {key} = {{ Name = \"text\" }}");
                return Err(self.wrong(key, expected(&wanted, other)));
            }
        };
        if table.len() > MOST {
            return Err(self.wrong(key, format!("at most {MOST} entries, found {}", table.len())));
        }
        let text = |(name, value): (&String, &Value)| {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Integer(number) => number.to_string(),
                Value::Boolean(flag) => u8::from(*flag).to_string(),
                other => {
                    return Err(self.wrong(&format!("{key}.{name}"), expected("a text", other)));
                }
            };
            self.without_nul(key, &text)?;
            self.without_nul(key, name)?;
            Ok((name.clone(), text))
        };
        table.iter().map(text).collect()
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.tables.iter().find_map(|table| table.get(key))
    }

    /// Only the empty text may be written as a NUL character, as SQL Server does.
    fn without_nul(&self, key: &str, text: &str) -> Result<(), String> {
        match text.contains('\0') && key != "empty" {
            true => Err(self.wrong(key, "has a NUL character; only `empty` may have one")),
            false => Ok(()),
        }
    }

    fn as_text(&self, key: &str, value: &'a Value) -> Result<&'a str, String> {
        let text = value.as_str();
        let text = text.ok_or_else(|| self.wrong(key, expected("a text in quotes", value)))?;
        self.without_nul(key, text)?;
        Ok(text)
    }
}

fn expected(what: &str, found: &Value) -> String {
    let text: String = found.to_string().chars().take(60).collect();
    format!("expected {what}, found the {} {text}", found.type_str())
}

/// That a name is unknown, with the one it may be meant for.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let near = known.iter().map(|known| (distance(name, known), *known)).min();
    match near {
        Some((changes, near)) if changes <= 1 + name.len() / 4 => {
            format!("there is no such {what}; did you mean {near}?")
        }
        _ => format!("there is no such {what}; known are {}", known.join(", ")),
    }
}

/// Letters to change, add or leave out to get from one name to the other, whatever the case.
fn distance(one: &str, other: &str) -> usize {
    let lower = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    let (one, other) = (lower(one), lower(other));
    let mut before: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut row = vec![at + 1];
        for ((known, diagonal), above) in other.iter().zip(&before).zip(before.iter().skip(1)) {
            let left = row.last().copied().unwrap_or_default();
            row.push((left + 1).min(above + 1).min(diagonal + usize::from(letter != known)));
        }
        before = row;
    }
    before.last().copied().unwrap_or_default()
}
