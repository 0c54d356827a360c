//! The configuration: one file a section, checked as a whole at the start.
//!
//! A value comes from a flag, else from the environment, else from the TOML
//! file, else it is the default. A new section is a file with its `KEYS` and a
//! struct that reads them, one line in [`SECTIONS`] and one in [`Config`].

pub mod cache;
pub mod database;
pub mod http;
mod key;
pub mod limits;
pub mod load;
mod parse;
mod reference;
mod secret;
pub mod storage;
pub mod telemetry;
#[cfg(test)]
mod tests;
mod values;

pub use cache::CacheConfig;
pub use database::{DatabaseConfig, DatabaseUrl};
pub use http::{CorsOrigins, HttpConfig};
pub use key::{Key, Origin, Overrides, Shown};
pub use limits::LimitsConfig;
pub use load::{LoadConfig, LoadMode, MaxRejects};
pub use reference::markdown_table;
pub use secret::Secret;
pub use storage::{StaticCredentials, StorageConfig};
pub use telemetry::{LogFormat, TelemetryConfig};
pub use values::{ConfigSources, Entry, FILE_ENV};

use crate::error::Result;
use values::Values;

/// The keys of every section, in the order they are shown.
pub const SECTIONS: &[&[Key]] = &[
    database::KEYS,
    storage::KEYS,
    http::KEYS,
    limits::KEYS,
    cache::KEYS,
    load::KEYS,
    telemetry::KEYS,
];

/// Everything that can be configured, valid.
#[derive(Debug, Clone)]
pub struct Config {
    /// Postgres.
    pub database: DatabaseConfig,
    /// The place of the CSVs.
    pub storage: StorageConfig,
    /// The API's door.
    pub http: HttpConfig,
    /// How much of the API one request may use.
    pub limits: LimitsConfig,
    /// Answers kept ready.
    pub cache: CacheConfig,
    /// How files become rows.
    pub load: LoadConfig,
    /// The log.
    pub telemetry: TelemetryConfig,
    entries: Vec<Entry>,
}

impl Config {
    /// Reads and checks all of it. The error names section, key, where the
    /// value came from and what is expected.
    pub fn load<E: Fn(&str) -> Option<String>>(sources: &ConfigSources<E>) -> Result<Self> {
        let values = Values::merge(SECTIONS, sources)?;
        Ok(Self {
            database: DatabaseConfig::read(&values)?,
            storage: StorageConfig::read(&values)?,
            http: HttpConfig::read(&values)?,
            limits: LimitsConfig::read(&values)?,
            cache: CacheConfig::read(&values)?,
            load: LoadConfig::read(&values)?,
            telemetry: TelemetryConfig::read(&values)?,
            entries: values.entries(SECTIONS),
        })
    }

    /// What was in force at the start, key by key, secrets masked.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
