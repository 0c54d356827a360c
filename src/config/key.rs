//! A configuration key, and the origin of its value.

use std::fmt;
use std::path::PathBuf;

/// How a value is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// As it is.
    Plain,
    /// As a URL without its password.
    WithoutPassword,
    /// Masked.
    Hidden,
}

/// A key of the configuration. The keys drive the merge of the sources, the output of
/// `salesgraph config` and the table in docs/configuration.md.
#[derive(Debug, Clone, Copy)]
pub struct ConfigKey {
    /// The section of the TOML file.
    pub section: &'static str,
    /// The name within the section.
    pub name: &'static str,
    /// The environment variable.
    pub env: &'static str,
    /// The default, written as in the environment.
    pub default: Option<&'static str>,
    /// The meaning, in one line.
    pub doc: &'static str,
    /// How its value is printed.
    pub visibility: Visibility,
    /// Whether it may be a list in the TOML file; elsewhere its elements are separated by commas.
    pub is_list: bool,
}

impl ConfigKey {
    /// The base of the keys of one section: no default, printed as it is.
    #[must_use]
    pub const fn of(section: &'static str) -> Self {
        let visibility = Visibility::Plain;
        Self { section, name: "", env: "", default: None, doc: "", visibility, is_list: false }
    }

    /// The value as it is printed.
    #[must_use]
    pub fn mask(&self, raw: &str) -> String {
        match self.visibility {
            Visibility::Plain => raw.to_owned(),
            Visibility::WithoutPassword if self.is_list => {
                raw.split(',').map(super::secret::mask_password).collect::<Vec<_>>().join(",")
            }
            Visibility::WithoutPassword => super::secret::mask_password(raw),
            Visibility::Hidden => super::secret::MASK.to_owned(),
        }
    }
}

impl fmt::Display for ConfigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.section, self.name)
    }
}

/// The origin of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueOrigin {
    /// A flag of the command line.
    Flag(&'static str),
    /// A variable of the environment.
    Env(&'static str),
    /// The TOML file.
    File(PathBuf),
    /// The default.
    Default,
}

impl fmt::Display for ValueOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The values set by flags.
#[derive(Debug, Default)]
pub struct Overrides(Vec<(&'static ConfigKey, &'static str, String)>);

impl Overrides {
    /// Sets `key` if the flag was given.
    #[must_use]
    pub fn with(
        mut self,
        key: &'static ConfigKey,
        flag: &'static str,
        value: Option<impl ToString>,
    ) -> Self {
        if let Some(value) = value {
            self.0.push((key, flag, value.to_string()));
        }
        self
    }

    pub(super) fn get(&self, key: &ConfigKey) -> Option<(&'static str, &str)> {
        self.0
            .iter()
            .find(|(set, ..)| set.section == key.section && set.name == key.name)
            .map(|(_, flag, value)| (*flag, value.as_str()))
    }
}
