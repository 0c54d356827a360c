//! The sources laid over each other: flags, environment, TOML file, defaults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::key::{Key, Origin, Overrides};
use crate::error::{Code, Error, Result};

/// Where configuration is read from. The environment is a function, so that a
/// test gives its own and leaves the process' alone.
pub struct ConfigSources<E> {
    /// The TOML file, if one was named by a flag.
    pub file: Option<PathBuf>,
    /// What flags set.
    pub overrides: Overrides,
    /// Looks a variable up; an empty value counts as not set.
    pub env: E,
}

impl ConfigSources<fn(&str) -> Option<String>> {
    /// The sources of a real start: the environment of this process.
    #[must_use]
    pub fn process(file: Option<PathBuf>, overrides: Overrides) -> Self {
        Self { file, overrides, env: process_env }
    }
}

fn process_env(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Names the TOML file where no flag does.
pub const FILE_ENV: &str = "SALESGRAPH_CONFIG";

/// One value as it was given.
#[derive(Debug, Clone)]
struct Given {
    raw: String,
    origin: Origin,
}

/// One line of `salesgraph config`.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: &'static Key,
    /// The value in force, secrets masked; absent where nothing gives one.
    pub value: Option<String>,
    /// Where it came from; absent where nothing gives one.
    pub origin: Option<Origin>,
}

/// Every value that some source gives, before it is parsed.
pub(super) struct Values(BTreeMap<(&'static str, &'static str), Given>);

impl Values {
    /// Merges the sources for all `sections`.
    pub(super) fn merge<E: Fn(&str) -> Option<String>>(
        sections: &[&'static [Key]],
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
                Some((value.to_owned(), Origin::Flag(flag)))
            } else if let Some(value) = env(key.env) {
                Some((value, Origin::Env(key.env)))
            } else if let (Some(value), Some(path)) = (file.remove(&id), &path) {
                Some((value, Origin::File(path.clone())))
            } else {
                key.default.map(|value| (value.to_owned(), Origin::Default))
            };
            if let Some((raw, origin)) = given {
                values.insert(id, Given { raw, origin });
            }
        }
        Ok(Self(values))
    }

    /// The value of `key`, where some source gives one. `parse` answers with
    /// what is expected, as in `expected a whole number`.
    pub(super) fn optional<T>(
        &self,
        key: &Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>> {
        let Some(given) = self.0.get(&(key.section, key.name)) else { return Ok(None) };
        parse(&given.raw).map(Some).map_err(|expected| {
            let shown = key.mask(&given.raw);
            config_error(format!("{key} = `{shown}` ({}): {expected}", given.origin))
        })
    }

    /// The value of a key that has a default, or must be given.
    pub(super) fn required<T>(
        &self,
        key: &Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T> {
        self.optional(key, parse)?.ok_or_else(|| not_set(key))
    }

    /// What is in force, key by key.
    pub(super) fn entries(&self, sections: &[&'static [Key]]) -> Vec<Entry> {
        let entry = |key: &'static Key| {
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

/// The error for a key that is needed and that no source gives.
pub(super) fn not_set(key: &Key) -> Error {
    config_error(format!(
        "{key} is not set: give {} in the environment, or `{}` in section [{}] of the file named by --config",
        key.env, key.name, key.section
    ))
}

/// An error of the configuration.
pub(super) fn config_error(message: impl Into<String>) -> Error {
    Error::new(Code::Config, message)
}

type FileValues = BTreeMap<(&'static str, &'static str), String>;

fn read_file(path: &Path, sections: &[&'static [Key]]) -> Result<FileValues> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|source| {
        config_error(format!("the configuration file {shown} cannot be read")).with_source(source)
    })?;
    // The parser's own text quotes the line, which may hold a secret.
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
    config_error(format!("{problem}; known are: {}", known.collect::<Vec<_>>().join(", ")))
}

fn scalar(key: &Key, value: toml::Value, path: &Path) -> Result<String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Array(_) | toml::Value::Table(_) => Err(config_error(format!(
            "{key} (file {}): expected a single value, not a list or a table",
            path.display()
        ))),
        other => Ok(other.to_string()),
    }
}
