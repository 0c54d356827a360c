//! `[telemetry]`: the log.

use std::str::FromStr;

use tracing_subscriber::EnvFilter;

use super::key::Key;
use super::values::Values;
use crate::error::Result;

const SECTION: Key = Key::of("telemetry");

/// What is logged.
pub const LOG: Key = Key {
    name: "log",
    env: "RUST_LOG",
    default: Some("info"),
    doc: "what is logged: a level, or levels by module as `info,salesgraph::load=debug`",
    ..SECTION
};

/// How it is written.
pub const LOG_FORMAT: Key = Key {
    name: "log_format",
    env: "LOG_FORMAT",
    default: Some("text"),
    doc: "`text`, or `json` for one object a line",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[Key] = &[LOG, LOG_FORMAT];

/// The section's values.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// Directives of the log filter, known to be valid.
    pub log: String,
    /// How a line is written.
    pub log_format: LogFormat,
}

impl TelemetryConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self {
            log: values.required(&LOG, filter)?,
            log_format: values.required(&LOG_FORMAT, str::parse)?,
        })
    }
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
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
