//! Merges the sources: flags, environment, TOML file, defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::key::{ConfigKey, Overrides, ValueOrigin};
use crate::error::{Code, Error, Result};

/// The sources of the configuration. The environment is a function, so that a test
/// can pass its own.
pub struct ConfigSources<E> {
    /// The TOML file, if a flag names one.
    pub file: Option<PathBuf>,
    /// The values set by flags.
    pub overrides: Overrides,
    /// Looks up a variable; an empty value counts as not set.
    pub env: E,
}

impl ConfigSources<fn(&str) -> Option<String>> {
    /// The sources of this process.
    #[must_use]
    pub fn process(file: Option<PathBuf>, overrides: Overrides) -> Self {
        Self { file, overrides, env: process_env }
    }
}

fn process_env(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Names the TOML file unless a flag does.
pub const FILE_ENV: &str = "SALESGRAPH_CONFIG";

/// A value before it is parsed.
#[derive(Debug, Clone)]
struct RawValue {
    raw: String,
    origin: ValueOrigin,
}

/// One line of `salesgraph config`.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: &'static ConfigKey,
    /// The table of the section that has it: `NAME` of `[jwt.NAME]`.
    pub table: Option<String>,
    /// The value in effect, secrets masked; none if it is not set.
    pub value: Option<String>,
    /// Its origin; none if it is not set.
    pub origin: Option<ValueOrigin>,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&full_name(self.key, self.table.as_deref()))
    }
}

fn full_name(key: &ConfigKey, table: Option<&str>) -> String {
    match table {
        Some(table) => format!("{}.{table}.{}", key.section, key.name),
        None => key.to_string(),
    }
}

/// The sections that may have tables of their own keys, `[jwt.NAME]`, each by a name.
const WITH_TABLES: &[&str] = &["jwt"];

/// The values of all keys that are set, before they are parsed.
#[derive(Default)]
pub(super) struct Values {
    set: BTreeMap<(&'static str, &'static str), RawValue>,
    /// Those of the tables of sections, by section and name.
    tables: BTreeMap<(&'static str, String), Values>,
    /// The name of this table, if it is one.
    table: Option<String>,
}

impl Values {
    /// Merges the sources for all `sections`.
    pub(super) fn merge<E: Fn(&str) -> Option<String>>(
        sections: &[&'static [ConfigKey]],
        sources: &ConfigSources<E>,
    ) -> Result<Self> {
        let env = |name: &str| (sources.env)(name).filter(|value| !value.is_empty());
        let path = sources.file.clone().or_else(|| env(FILE_ENV).map(PathBuf::from));
        let mut file = match &path {
            Some(path) => read_file(path, sections)?,
            None => FileValues::default(),
        };
        let mut set = BTreeMap::new();
        for key in sections.iter().copied().flatten() {
            let id = (key.section, key.name);
            let given = if let Some((flag, value)) = sources.overrides.get(key) {
                Some((value.to_owned(), ValueOrigin::Flag(flag)))
            } else if let Some(value) = env(key.env) {
                Some((value, ValueOrigin::Env(key.env)))
            } else if let (Some(value), Some(path)) = (file.set.remove(&id), &path) {
                Some((value, ValueOrigin::File(path.clone())))
            } else {
                key.default.map(|value| (value.to_owned(), ValueOrigin::Default))
            };
            if let Some((raw, origin)) = given {
                set.insert(id, RawValue { raw, origin });
            }
        }
        let tables = file.tables.into_iter().map(|((section, name), mut given)| {
            let keys = sections.iter().copied().flatten().filter(|key| key.section == section);
            let values = keys.filter_map(|key| {
                let id = (key.section, key.name);
                let value = match (given.remove(&id), &path) {
                    (Some(raw), Some(path)) => {
                        RawValue { raw, origin: ValueOrigin::File(path.clone()) }
                    }
                    _ => RawValue { raw: key.default?.to_owned(), origin: ValueOrigin::Default },
                };
                Some((id, value))
            });
            let (set, table) = (values.collect(), Some(name.clone()));
            ((section, name), Self { set, tables: BTreeMap::new(), table })
        });
        let tables = tables.collect();
        Ok(Self { set, tables, table: None })
    }

    /// Whether a source other than the defaults has one of these keys.
    pub(super) fn has_any(&self, keys: &[ConfigKey]) -> bool {
        keys.iter().any(|key| {
            let given = self.set.get(&(key.section, key.name));
            given.is_some_and(|given| given.origin != ValueOrigin::Default)
        })
    }

    /// The tables of a section.
    pub(super) fn tables(&self, section: &str) -> impl Iterator<Item = &Self> {
        self.tables.iter().filter(move |((of, _), _)| *of == section).map(|(_, values)| values)
    }

    /// The value of `key`, if it is set. The error of `parse` says what is expected, as
    /// in `expected a whole number`.
    pub(super) fn optional<T>(
        &self,
        key: &ConfigKey,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>> {
        let Some(given) = self.set.get(&(key.section, key.name)) else { return Ok(None) };
        parse(&given.raw).map(Some).map_err(|expected| {
            let shown = key.mask(&given.raw);
            config_error(format!("{} = `{shown}` ({}): {expected}", self.name(key), given.origin))
        })
    }

    /// The value of a key that has a default or must be set.
    pub(super) fn required<T>(
        &self,
        key: &ConfigKey,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T> {
        self.optional(key, parse)?.ok_or_else(|| self.not_set(key))
    }

    /// The error of a key that must be set.
    pub(super) fn not_set(&self, key: &ConfigKey) -> Error {
        match &self.table {
            None => not_set(key),
            Some(table) => config_error(format!(
                "{} is not set: set `{}` in section [{}.{table}]",
                self.name(key),
                key.name,
                key.section
            )),
        }
    }

    /// The name of a key here, for messages.
    pub(super) fn name(&self, key: &ConfigKey) -> String {
        full_name(key, self.table.as_deref())
    }

    /// The values in effect, key by key.
    pub(super) fn entries(&self, sections: &[&'static [ConfigKey]]) -> Vec<Entry> {
        let mut entries = Vec::new();
        for keys in sections {
            let section = keys.first().map_or("", |key| key.section);
            for values in [self].into_iter().chain(self.tables(section)) {
                entries.extend(keys.iter().map(|key| values.entry(key)));
            }
        }
        entries
    }

    fn entry(&self, key: &'static ConfigKey) -> Entry {
        let given = self.set.get(&(key.section, key.name));
        Entry {
            key,
            table: self.table.clone(),
            value: given.map(|given| key.mask(&given.raw)),
            origin: given.map(|given| given.origin.clone()),
        }
    }
}

/// The error of a required key that is not set.
pub(super) fn not_set(key: &ConfigKey) -> Error {
    config_error(format!(
        "{key} is not set: set {} in the environment, or `{}` in section [{}] of the file of --config",
        key.env, key.name, key.section
    ))
}

/// An error of the configuration.
pub(super) fn config_error(message: impl Into<String>) -> Error {
    Error::new(Code::Config, message)
}

/// The values of the keys of a section or of a table in it.
type Given = BTreeMap<(&'static str, &'static str), String>;

/// What the TOML file sets.
#[derive(Default)]
struct FileValues {
    set: Given,
    tables: BTreeMap<(&'static str, String), Given>,
}

fn read_file(path: &Path, sections: &[&'static [ConfigKey]]) -> Result<FileValues> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|source| {
        config_error(format!("the configuration file {shown} cannot be read")).with_source(source)
    })?;
    // The parser's own message quotes the line, which may hold a secret.
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        config_error(format!("{shown}, line {line}: not valid TOML: {}", error.message()))
    })?;
    let mut values = FileValues::default();
    for (section, content) in table {
        let keys = sections.iter().find(|keys| keys.iter().any(|key| key.section == section));
        let Some(keys) = keys else {
            let known = sections.iter().filter_map(|keys| keys.first()).map(|key| key.section);
            return Err(unknown(&format!("{shown}: unknown section [{section}]"), known));
        };
        let toml::Value::Table(content) = content else {
            return Err(config_error(format!(
                "{shown}: `{section}` is a section: write [{section}] on a line of its own"
            )));
        };
        for (name, value) in content {
            let key = keys.iter().find(|key| key.name == name);
            match (key, value) {
                (None, toml::Value::Table(content)) if WITH_TABLES.contains(&&*section) => {
                    let title = format!("{section}.{name}");
                    let mut given = Given::new();
                    for (name, value) in content {
                        let key = keys.iter().find(|key| key.name == name);
                        put(&mut given, key.ok_or(name), value, keys, &title, path)?;
                    }
                    let section = keys.first().map_or("", |key| key.section);
                    values.tables.insert((section, name), given);
                }
                (key, value) => {
                    put(&mut values.set, key.ok_or(name), value, keys, &section, path)?;
                }
            }
        }
    }
    Ok(values)
}

/// Adds the value of a key, or fails because there is no key of this name.
fn put(
    given: &mut Given,
    key: Result<&ConfigKey, String>,
    value: toml::Value,
    known: &[ConfigKey],
    section: &str,
    path: &Path,
) -> Result<()> {
    let key = key.map_err(|name| {
        let problem = format!("{}: unknown key `{name}` in section [{section}]", path.display());
        unknown(&problem, known.iter().map(|key| key.name))
    })?;
    given.insert((key.section, key.name), single(key, value, path)?);
    Ok(())
}

fn unknown(problem: &str, known: impl Iterator<Item = &'static str>) -> Error {
    config_error(format!("{problem}; expected one of: {}", known.collect::<Vec<_>>().join(", ")))
}

/// The value as it would be in the environment.
fn single(key: &ConfigKey, value: toml::Value, path: &Path) -> Result<String> {
    let expected =
        |what: &str| config_error(format!("{key} (file {}): expected {what}", path.display()));
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Array(elements) if key.is_list => {
            let texts = elements.iter().map(|element| match element {
                toml::Value::String(text) if !text.contains(',') => Some(text.as_str()),
                _ => None,
            });
            let texts: Option<Vec<&str>> = texts.collect();
            Ok(texts.ok_or_else(|| expected("a list of texts without commas"))?.join(","))
        }
        toml::Value::Array(_) | toml::Value::Table(_) => {
            Err(expected("a single value, not a list or a table"))
        }
        other => Ok(other.to_string()),
    }
}
