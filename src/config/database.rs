//! `[database]`: Postgres.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::key::{ConfigKey, Visibility};
use super::parse;
use super::secret::mask_password;
use super::values::{Values, not_set};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("database");

/// The database.
pub const URL: ConfigKey = ConfigKey {
    name: "url",
    env: "DATABASE_URL",
    doc: "Postgres, as `postgres://user:password@host:5432/database`; \
          `serve`, `load` and `migrate` need it",
    visibility: Visibility::WithoutPassword,
    ..SECTION
};

/// Replicas for queries.
pub const READ_URL: ConfigKey = ConfigKey {
    name: "read_url",
    env: "DATABASE_READ_URL",
    doc: "standbys for the queries of the API, with commas between their URLs; without any, and \
          while none is as new as asked, queries use `database.url`",
    visibility: Visibility::WithoutPassword,
    is_list: true,
    ..SECTION
};

/// The size of the pool.
pub const MAX_CONNECTIONS: ConfigKey = ConfigKey {
    name: "max_connections",
    env: "DATABASE_MAX_CONNECTIONS",
    default: Some("10"),
    doc: "the most connections of the API for queries; two more listen for changes",
    ..SECTION
};

/// The time limit of one query.
pub const STATEMENT_TIMEOUT: ConfigKey = ConfigKey {
    name: "statement_timeout",
    env: "DATABASE_STATEMENT_TIMEOUT",
    default: Some("30s"),
    doc: "how long one query of the API may take: `500ms`, `30s`, `5m`",
    ..SECTION
};

/// Row-level security.
pub const ROW_SECURITY: ConfigKey = ConfigKey {
    name: "row_security",
    env: "DATABASE_ROW_SECURITY",
    default: Some("auto"),
    doc: "whether row-level security stands behind the conditions of the API's statements: `on`, \
          `off`, or `auto`, which is on if the database has the roles",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[URL, READ_URL, MAX_CONNECTIONS, STATEMENT_TIMEOUT, ROW_SECURITY];

/// The section's values.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// Postgres; see [`DatabaseConfig::require_url`].
    pub url: Option<DatabaseUrl>,
    /// Replicas for queries.
    pub read_urls: Vec<DatabaseUrl>,
    /// Most connections of one pool.
    pub max_connections: u32,
    /// How long one query of the API may take.
    pub statement_timeout: Duration,
    /// Row-level security.
    pub row_security: RowSecurityMode,
}

/// When row-level security stands behind the conditions of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowSecurityMode {
    /// Always; else the API does not start.
    On,
    /// Never.
    Off,
    /// If the database has the roles.
    Auto,
}

impl FromStr for RowSecurityMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            "auto" => Ok(Self::Auto),
            _ => Err("expected on, off or auto".to_owned()),
        }
    }
}

impl DatabaseConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self {
            url: values.optional(&URL, str::parse)?,
            read_urls: values.optional(&READ_URL, urls)?.unwrap_or_default(),
            max_connections: values.required(&MAX_CONNECTIONS, parse::whole(1..=1000))?,
            statement_timeout: values.required(&STATEMENT_TIMEOUT, parse::duration)?,
            row_security: values.required(&ROW_SECURITY, str::parse)?,
        })
    }

    /// The URL, or the error that says how to set it.
    pub fn require_url(&self) -> Result<&DatabaseUrl> {
        self.url.as_ref().ok_or_else(|| not_set(&URL))
    }
}

fn urls(text: &str) -> Result<Vec<DatabaseUrl>, String> {
    text.split(',').map(str::parse).collect()
}

/// A Postgres URL; `Debug` and `Display` mask its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The whole URL, for the connection.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
        match rest {
            Some(rest) if !rest.is_empty() => Ok(Self(text.to_owned())),
            _ => Err("expected postgres://user:password@host:5432/database".to_owned()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask_password(&self.0))
    }
}
