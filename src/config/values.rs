//! Merges the sources: flags, environment, TOML file, defaults.

use std::collections::BTreeMap;
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
    /// The value in effect, secrets masked; none if it is not set.
    pub value: Option<String>,
    /// Its origin; none if it is not set.
    pub origin: Option<ValueOrigin>,
}

/// The values of all keys that are set, before they are parsed.
pub(super) struct Values(BTreeMap<(&'static str, &'static str), RawValue>);

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
            None => BTreeMap::new(),
        };
        let mut values = BTreeMap::new();
        for key in sections.iter().copied().flatten() {
            let id = (key.section, key.name);
            let given = if let Some((flag, value)) = sources.overrides.get(key) {
                Some((value.to_owned(), ValueOrigin::Flag(flag)))
            } else if let Some(value) = env(key.env) {
                Some((value, ValueOrigin::Env(key.env)))
            } else if let (Some(value), Some(path)) = (file.remove(&id), &path) {
                Some((value, ValueOrigin::File(path.clone())))
            } else {
                key.default.map(|value| (value.to_owned(), ValueOrigin::Default))
            };
            if let Some((raw, origin)) = given {
                values.insert(id, RawValue { raw, origin });
            }
        }
        Ok(Self(values))
    }

    /// The value of `key`, if it is set. The error of `parse` says what is expected, as
    /// in `expected a whole number`.
    pub(super) fn optional<T>(
        &self,
        key: &ConfigKey,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>> {
        let Some(given) = self.0.get(&(key.section, key.name)) else { return Ok(None) };
        parse(&given.raw).map(Some).map_err(|expected| {
            let shown = key.mask(&given.raw);
            config_error(format!("{key} = `{shown}` ({}): {expected}", given.origin))
        })
    }

    /// The value of a key that has a default or must be set.
    pub(super) fn required<T>(
        &self,
        key: &ConfigKey,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T> {
        self.optional(key, parse)?.ok_or_else(|| not_set(key))
    }

    /// The values in effect, key by key.
    pub(super) fn entries(&self, sections: &[&'static [ConfigKey]]) -> Vec<Entry> {
        let entry = |key: &'static ConfigKey| {
            let given = self.0.get(&(key.section, key.name));
            Entry {
                key,
                value: given.map(|given| key.mask(&given.raw)),
                origin: given.map(|given| given.origin.clone()),
            }
        };
        sections.iter().copied().flatten().map(entry).collect()
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

type FileValues = BTreeMap<(&'static str, &'static str), String>;

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
    let mut values = FileValues::new();
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
            let Some(key) = keys.iter().find(|key| key.name == name) else {
                let known = keys.iter().map(|key| key.name);
                let problem = format!("{shown}: unknown key `{name}` in section [{section}]");
                return Err(unknown(&problem, known));
            };
            values.insert((key.section, key.name), scalar(key, value, path)?);
        }
    }
    Ok(values)
}

fn unknown(problem: &str, known: impl Iterator<Item = &'static str>) -> Error {
    config_error(format!("{problem}; expected one of: {}", known.collect::<Vec<_>>().join(", ")))
}

fn scalar(key: &ConfigKey, value: toml::Value, path: &Path) -> Result<String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Array(_) | toml::Value::Table(_) => Err(config_error(format!(
            "{key} (file {}): expected a single value, not a list or a table",
            path.display()
        ))),
        other => Ok(other.to_string()),
    }
}
