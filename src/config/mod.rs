//! The configuration: one file per section, validated as a whole at the start.
//!
//! A flag overrides the environment, which overrides the TOML file, which overrides
//! the default. A new section is a file with its `KEYS` and a struct that reads
//! them, one line in [`SECTIONS`] and one in [`Config`].

pub mod analytics;
pub mod auth;
pub mod cache;
pub mod catalog;
mod cron;
pub mod database;
pub mod graphql;
pub mod http;
pub mod jwt;
mod key;
pub mod lake;
pub mod limits;
pub mod load;
pub mod mcp;
pub mod otel;
mod parse;
pub mod rates;
mod reference;
pub mod reports;
mod secret;
pub mod storage;
pub mod telemetry;
#[cfg(test)]
mod tests;
mod values;
pub mod webhook;
pub mod worker;

pub use analytics::AnalyticsConfig;
pub use auth::AuthConfig;
pub use cache::CacheConfig;
pub use catalog::{CatalogAccess, CatalogConfig};
pub use cron::CronTimes;
pub use database::{DatabaseConfig, DatabaseUrl, RowSecurityMode};
pub use graphql::GraphqlConfig;
pub use http::{CorsOrigins, HttpConfig};
pub use jwt::{ClaimNames, IssuerConfig, JwksLocation, JwtAlgorithm, JwtConfig};
pub use key::{ConfigKey, Overrides, ValueOrigin, Visibility};
pub use lake::LakeConfig;
pub use limits::{DocumentLimits, LimitsConfig, RateConfig, RequestLimits};
pub use load::{LoadConfig, LoadMode, MaxRejects, MaxRemoved};
pub use mcp::McpConfig;
pub use otel::{OtelConfig, TracesSampler};
pub use rates::{RatesConfig, RatesDialect};
pub use reference::markdown_table;
pub use reports::ReportsConfig;
pub use secret::Secret;
pub use storage::{StaticCredentials, StorageConfig};
pub use telemetry::{LogFormat, TelemetryConfig};
pub use values::{ConfigSources, Entry, FILE_ENV};
pub use webhook::WebhookConfig;
pub use worker::WorkerConfig;

use crate::error::Result;
use values::Values;

/// The keys of every section, in the order of the reference.
pub const SECTIONS: &[&[ConfigKey]] = &[
    database::KEYS,
    storage::KEYS,
    http::KEYS,
    graphql::KEYS,
    mcp::KEYS,
    auth::KEYS,
    jwt::KEYS,
    limits::KEYS,
    cache::KEYS,
    analytics::KEYS,
    load::KEYS,
    reports::KEYS,
    worker::KEYS,
    lake::KEYS,
    rates::KEYS,
    webhook::KEYS,
    telemetry::KEYS,
    otel::KEYS,
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
    /// What the API is to others than its clients.
    pub graphql: GraphqlConfig,
    /// The tools of assistants.
    pub mcp: McpConfig,
    /// Who may use the API.
    pub auth: AuthConfig,
    /// The issuers of tokens.
    pub jwt: JwtConfig,
    /// The limits of a request.
    pub limits: LimitsConfig,
    /// The response cache.
    pub cache: CacheConfig,
    /// Aggregates that no table keeps ready.
    pub analytics: AnalyticsConfig,
    /// Loading.
    pub load: LoadConfig,
    /// Reports.
    pub reports: ReportsConfig,
    /// Jobs and schedules.
    pub worker: WorkerConfig,
    /// Where answers of public APIs are kept.
    pub lake: LakeConfig,
    /// Currency rates from a public API.
    pub rates: RatesConfig,
    /// Who is told when a load run or a report ends.
    pub webhook: WebhookConfig,
    /// The log and metrics.
    pub telemetry: TelemetryConfig,
    /// Traces.
    pub otel: OtelConfig,
    entries: Vec<Entry>,
}

impl Config {
    /// Reads and validates the sources. The error names the key, the source of its
    /// value and what is expected.
    pub fn load<E: Fn(&str) -> Option<String>>(sources: &ConfigSources<E>) -> Result<Self> {
        let values = Values::merge(SECTIONS, sources)?;
        let jwt = JwtConfig::read(&values)?;
        Ok(Self {
            database: DatabaseConfig::read(&values)?,
            storage: StorageConfig::read(&values)?,
            http: HttpConfig::read(&values)?,
            graphql: GraphqlConfig::read(&values)?,
            mcp: McpConfig::read(&values, &jwt)?,
            auth: AuthConfig::read(&values)?,
            jwt,
            limits: LimitsConfig::read(&values)?,
            cache: CacheConfig::read(&values)?,
            analytics: AnalyticsConfig::read(&values)?,
            load: LoadConfig::read(&values)?,
            reports: ReportsConfig::read(&values)?,
            worker: WorkerConfig::read(&values)?,
            lake: LakeConfig::read(&values)?,
            rates: RatesConfig::read(&values)?,
            webhook: WebhookConfig::read(&values)?,
            telemetry: TelemetryConfig::read(&values)?,
            otel: OtelConfig::read(&values)?,
            entries: values.entries(SECTIONS),
        })
    }

    /// The values in effect, key by key, secrets masked.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
