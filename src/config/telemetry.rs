//! `[telemetry]`: the log and metrics.

use std::net::SocketAddr;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;

use super::http::bind_address;
use super::key::ConfigKey;
use super::values::Values;
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("telemetry");

/// What is logged.
pub const LOG: ConfigKey = ConfigKey {
    name: "log",
    env: "RUST_LOG",
    default: Some("info"),
    doc: "what is logged: a level, or levels by module as `info,salesgraph::load=debug`",
    ..SECTION
};

/// The format of the log.
pub const LOG_FORMAT: ConfigKey = ConfigKey {
    name: "log_format",
    env: "LOG_FORMAT",
    default: Some("text"),
    doc: "`text`, or `json` for one object per line",
    ..SECTION
};

/// The address of metrics.
pub const METRICS_BIND: ConfigKey = ConfigKey {
    name: "metrics_bind",
    env: "METRICS_BIND",
    doc: "where `serve` and `worker` answer `GET /metrics` for Prometheus, such as \
          `127.0.0.1:9000`; without credentials, so keep it private; nowhere unless set",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[LOG, LOG_FORMAT, METRICS_BIND];

/// The section's values.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// Directives of the log filter, validated.
    pub log: String,
    /// The format of a line.
    pub log_format: LogFormat,
    /// Where metrics are asked for.
    pub metrics_bind: Option<SocketAddr>,
}

impl TelemetryConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self {
            log: values.required(&LOG, filter)?,
            log_format: values.required(&LOG_FORMAT, str::parse)?,
            metrics_bind: values.optional(&METRICS_BIND, bind_address)?,
        })
    }
}

/// The format of a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For humans.
    Text,
    /// One JSON object per line, for machines.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json".to_owned()),
        }
    }
}

fn filter(text: &str) -> Result<String, String> {
    EnvFilter::builder().parse(text).map(|_| text.to_owned()).map_err(|_| {
        "expected a level (error, warn, info, debug, trace, off) or levels by module, \
         such as info,salesgraph::load=debug"
            .to_owned()
    })
}
