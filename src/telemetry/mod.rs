//! The log, `tracing` to standard error as text or as JSON; metrics; and traces.

mod aws;
pub mod metrics;
#[cfg(feature = "demo")]
mod screen;
pub mod trace;

#[cfg(not(feature = "demo"))]
use std::io::stderr;
use std::io::{self, IsTerminal as _};

pub use aws::CallObserver;
#[cfg(feature = "demo")]
pub use screen::screen;
#[cfg(feature = "demo")]
use screen::stderr;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, TelemetryConfig};
use crate::error::{Code, Error, Result};

/// Levels of verbose libraries, by module prefix; configured directives for the same
/// prefix take precedence.
const QUIET: &str = "aws=warn,graphile_worker=warn,h2=warn,hyper=warn,rmcp=off,rustls=warn,\
    s3s=off,sea_orm_migration=warn,sqlx=warn";

/// Starts the log for the whole process.
///
/// # Errors
/// If a log was started before.
pub fn start(config: &TelemetryConfig) -> Result<()> {
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter(&config.log)?)
        .with_writer(stderr)
        .with_ansi(colours());
    let started = match config.log_format {
        LogFormat::Text => log.finish().try_init(),
        LogFormat::Json => log.json().flatten_event(true).finish().try_init(),
    };
    started.map_err(|source| Error::internal("the log cannot be started").with_source(source))
}

fn colours() -> bool {
    let disabled = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !disabled
}

fn filter(directives: &str) -> Result<EnvFilter> {
    let parse = |text: &str| {
        EnvFilter::builder()
            .parse(text)
            .map_err(|source| Error::new(Code::Config, "telemetry.log").with_source(source))
    };
    let configured = parse(directives)?;
    // Must never make the log louder than configured.
    if configured.max_level_hint().is_some_and(|level| level <= LevelFilter::WARN) {
        return Ok(configured);
    }
    parse(&format!("{QUIET},{directives}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(directives: &str) -> String {
        filter(directives).expect("valid").to_string()
    }

    #[test]
    fn libraries_are_quiet_unless_configured() {
        assert!(shown("info").contains("sqlx=warn"));
        let named = shown("info,sqlx=debug");
        assert!(named.contains("sqlx=debug") && !named.contains("sqlx=warn"), "{named}");
    }

    #[test]
    fn library_levels_never_make_the_log_louder() {
        assert_eq!(shown("off"), "off");
        assert_eq!(shown("error"), "error");
    }
}
