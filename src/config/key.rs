//! What a configuration key is, and where a value of it may come from.

use std::fmt;
use std::path::PathBuf;

/// How a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As it is.
    Plainly,
    /// As a URL without its password.
    WithoutPassword,
    /// Not at all.
    Never,
}

/// One key of the configuration. The keys drive the merge of the sources, the
/// output of `salesgraph config` and the table in docs/configuration.md.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The section of the TOML file.
    pub section: &'static str,
    /// The name within the section.
    pub name: &'static str,
    /// The environment variable.
    pub env: &'static str,
    /// The value where no source gives one, written as in the environment.
    pub default: Option<&'static str>,
    /// What it means, in one line.
    pub doc: &'static str,
    /// How its value may be shown.
    pub shown: Shown,
}

impl Key {
    /// What the keys of one section have in common: no default, shown plainly.
    #[must_use]
    pub const fn of(section: &'static str) -> Self {
        Self { section, name: "", env: "", default: None, doc: "", shown: Shown::Plainly }
    }

    /// `raw` as it may be shown to an operator.
    #[must_use]
    pub fn mask(&self, raw: &str) -> String {
        match self.shown {
            Shown::Plainly => raw.to_owned(),
            Shown::WithoutPassword => super::secret::mask_password(raw),
            Shown::Never => super::secret::MASK.to_owned(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.section, self.name)
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line, by its name.
    Flag(&'static str),
    /// A variable of the environment, by its name.
    Env(&'static str),
    /// The TOML file.
    File(PathBuf),
    /// The default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The values that flags of the command line set.
#[derive(Debug, Default)]
pub struct Overrides(Vec<(&'static Key, &'static str, String)>);

impl Overrides {
    /// Sets `key` where the flag was given.
    #[must_use]
    pub fn with(
        mut self,
        key: &'static Key,
        flag: &'static str,
        value: Option<impl ToString>,
    ) -> Self {
        if let Some(value) = value {
            self.0.push((key, flag, value.to_string()));
        }
        self
    }

    pub(super) fn get(&self, key: &Key) -> Option<(&'static str, &str)> {
        self.0
            .iter()
            .find(|(set, ..)| set.section == key.section && set.name == key.name)
            .map(|(_, flag, value)| (*flag, value.as_str()))
    }
}
