//! The configuration: one file per section, validated as a whole at the start.
//!
//! A flag overrides the environment, which overrides the TOML file, which overrides
//! the default. A new section is a file with its `KEYS` and a struct that reads
//! them, one line in [`SECTIONS`] and one in [`Config`].

pub mod auth;
pub mod cache;
pub mod database;
pub mod http;
pub mod jwt;
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

pub use auth::AuthConfig;
pub use cache::CacheConfig;
pub use database::{DatabaseConfig, DatabaseUrl, RowSecurityMode};
pub use http::{CorsOrigins, HttpConfig};
pub use jwt::{ClaimNames, IssuerConfig, JwksLocation, JwtAlgorithm, JwtConfig};
pub use key::{ConfigKey, Overrides, ValueOrigin, Visibility};
pub use limits::{DocumentLimits, LimitsConfig, RateConfig, RequestLimits};
pub use load::{LoadConfig, LoadMode, MaxRejects};
pub use reference::markdown_table;
pub use secret::Secret;
pub use storage::{StaticCredentials, StorageConfig};
pub use telemetry::{LogFormat, TelemetryConfig};
pub use values::{ConfigSources, Entry, FILE_ENV};

use crate::error::Result;
use values::Values;

/// The keys of every section, in the order of the reference.
pub const SECTIONS: &[&[ConfigKey]] = &[
    database::KEYS,
    storage::KEYS,
    http::KEYS,
    auth::KEYS,
    jwt::KEYS,
    limits::KEYS,
    cache::KEYS,
    load::KEYS,
    telemetry::KEYS,
];

/// The whole configuration, validated.
#[derive(Debug, Clone)]
pub struct Config {
    /// Postgres.
    pub database: DatabaseConfig,
    /// The source of the CSV files.
    pub storage: StorageConfig,
    /// The API's HTTP server.
    pub http: HttpConfig,
    /// Who may use the API.
    pub auth: AuthConfig,
    /// The issuers of tokens.
    pub jwt: JwtConfig,
    /// The limits of a request.
    pub limits: LimitsConfig,
    /// The response cache.
    pub cache: CacheConfig,
    /// Loading.
    pub load: LoadConfig,
    /// The log.
    pub telemetry: TelemetryConfig,
    entries: Vec<Entry>,
}

impl Config {
    /// Reads and validates the sources. The error names the key, the source of its
    /// value and what is expected.
    pub fn load<E: Fn(&str) -> Option<String>>(sources: &ConfigSources<E>) -> Result<Self> {
        let values = Values::merge(SECTIONS, sources)?;
        Ok(Self {
            database: DatabaseConfig::read(&values)?,
            storage: StorageConfig::read(&values)?,
            http: HttpConfig::read(&values)?,
            auth: AuthConfig::read(&values)?,
            jwt: JwtConfig::read(&values)?,
            limits: LimitsConfig::read(&values)?,
            cache: CacheConfig::read(&values)?,
            load: LoadConfig::read(&values)?,
            telemetry: TelemetryConfig::read(&values)?,
            entries: values.entries(SECTIONS),
        })
    }

    /// The values in effect, key by key, secrets masked.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
