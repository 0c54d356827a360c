//! `[reports]`: files that are made on request.

use std::time::Duration;

use super::key::ConfigKey;
use super::parse;
use super::values::Values;
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("reports");

/// Where reports go.
pub const URI: ConfigKey = ConfigKey {
    name: "uri",
    env: "REPORTS_URI",
    doc: "where reports go: `s3://bucket/prefix`; the default is `relatorios` in the bucket of \
          `source_uri`",
    ..SECTION
};

/// The shortest time between two reports of the same request.
pub const MIN_INTERVAL: ConfigKey = ConfigKey {
    name: "min_interval",
    env: "REPORT_MIN_INTERVAL",
    default: Some("15m"),
    doc: "within this time the same request gets the report that is there",
    ..SECTION
};

/// How long files are kept.
pub const KEEP: ConfigKey = ConfigKey {
    name: "keep",
    env: "REPORT_KEEP",
    doc: "after this time, `90d` say, the file of a report is removed and the report has expired; \
          files are kept unless set",
    ..SECTION
};

/// The endpoint of links.
pub const DOWNLOAD_ENDPOINT_URL: ConfigKey = ConfigKey {
    name: "download_endpoint_url",
    env: "REPORT_DOWNLOAD_ENDPOINT_URL",
    doc: "the S3 server in links to reports, where clients reach it by another address than \
          `endpoint_url`",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[URI, MIN_INTERVAL, KEEP, DOWNLOAD_ENDPOINT_URL];

/// The section's values.
#[derive(Debug, Clone)]
pub struct ReportsConfig {
    /// Where reports go; by default below the bucket of the source.
    pub uri: Option<String>,
    /// The shortest time between two reports of the same request.
    pub min_interval: Duration,
    /// How long files are kept; `None` is for ever.
    pub keep: Option<Duration>,
    /// The S3 server in links.
    pub download_endpoint_url: Option<String>,
}

impl ReportsConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self {
            uri: values.optional(&URI, s3_uri)?,
            min_interval: values.required(&MIN_INTERVAL, parse::duration)?,
            keep: values.optional(&KEEP, parse::duration)?,
            download_endpoint_url: values.optional(&DOWNLOAD_ENDPOINT_URL, endpoint)?,
        })
    }
}

fn s3_uri(text: &str) -> Result<String, String> {
    let bucket = text.strip_prefix("s3://").unwrap_or_default();
    if bucket.is_empty() || bucket.starts_with('/') {
        return Err("expected s3://bucket/prefix".to_owned());
    }
    Ok(text.to_owned())
}

fn endpoint(text: &str) -> Result<String, String> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(text.to_owned());
    }
    Err("expected http://host:port or https://host:port".to_owned())
}
