//! `[lake]`: where what was loaded and fetched is kept, raw and curated.

use std::time::Duration;

use super::catalog::{self, CatalogConfig};
use super::key::ConfigKey;
use super::parse;
use super::values::{Values, not_set};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("lake");

/// Where the lake is.
pub const URI: ConfigKey = ConfigKey {
    name: "uri",
    env: "LAKE_URI",
    doc: "where loaded files and answers of public APIs are kept, and all tables as Iceberg \
          tables: `s3://bucket/prefix`; without it there is none of that",
    ..SECTION
};

/// Whether files are kept.
pub const RAW: ConfigKey = ConfigKey {
    name: "raw",
    env: "LAKE_RAW",
    default: Some("on"),
    doc: "whether every file version that is loaded is kept in the lake, if there is one: `on` \
          or `off`",
    ..SECTION
};

/// How long files are kept.
pub const RAW_KEEP: ConfigKey = ConfigKey {
    name: "raw_keep",
    env: "LAKE_RAW_KEEP",
    doc: "how long loaded files are kept in the lake, such as `90d`; for ever unless set",
    ..SECTION
};

/// Whether personal data are in the tables of the lake.
pub const PERSONS: ConfigKey = ConfigKey {
    name: "persons",
    env: "LAKE_PERSONS",
    default: Some("false"),
    doc: "whether names and other personal data are in the tables of the lake; a change writes \
          all of it anew, and older snapshots keep what they have until they expire",
    ..SECTION
};

/// How long snapshots are kept.
pub const SNAPSHOT_KEEP: ConfigKey = ConfigKey {
    name: "snapshot_keep",
    env: "LAKE_SNAPSHOT_KEEP",
    default: Some("30d"),
    doc: "how long the tables of the lake can be read as they were before a change, an hour at \
          least",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[
    URI,
    RAW,
    RAW_KEEP,
    PERSONS,
    SNAPSHOT_KEEP,
    catalog::URI,
    catalog::WAREHOUSE,
    catalog::NAMESPACE,
    catalog::TOKEN,
    catalog::CREDENTIAL,
    catalog::OAUTH2_SERVER_URI,
    catalog::SCOPE,
    catalog::SIGNING_NAME,
    catalog::SIGNING_REGION,
    catalog::TIMEOUT,
];

/// The section's values.
#[derive(Debug, Clone)]
pub struct LakeConfig {
    /// Where the lake is; see [`LakeConfig::require_uri`].
    pub uri: Option<String>,
    /// Whether files are kept there.
    pub raw: bool,
    /// How long; none is for ever.
    pub raw_keep: Option<Duration>,
    /// Whether personal data are in its tables.
    pub persons: bool,
    /// How long snapshots of its tables are kept.
    pub snapshot_keep: Duration,
    /// Where its tables are named; in the database unless set.
    pub catalog: Option<CatalogConfig>,
}

impl LakeConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self {
            uri: values.optional(&URI, s3_uri)?,
            raw: values.required(&RAW, switch)?,
            raw_keep: values.optional(&RAW_KEEP, days)?,
            persons: values.required(&PERSONS, parse::boolean)?,
            snapshot_keep: values.required(&SNAPSHOT_KEEP, term)?,
            catalog: catalog::read(values)?,
        })
    }

    /// Where the lake is.
    ///
    /// # Errors
    /// `CONFIG` that says how to set it.
    pub fn require_uri(&self) -> Result<&str> {
        self.uri.as_deref().ok_or_else(|| not_set(&URI))
    }
}

fn switch(text: &str) -> Result<bool, String> {
    match text.trim() {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

/// A day at least: folders are of days.
fn days(text: &str) -> Result<Duration, String> {
    const DAY: Duration = Duration::from_secs(86_400);
    let parsed = parse::duration(text).ok().filter(|keep| *keep >= DAY);
    parsed.ok_or_else(|| "expected a number of days, such as 90d".to_owned())
}

/// An hour at least: readers may be under way.
fn term(text: &str) -> Result<Duration, String> {
    const HOUR: Duration = Duration::from_secs(3_600);
    let parsed = parse::duration(text).ok().filter(|keep| *keep >= HOUR);
    parsed.ok_or_else(|| "expected an hour at least, such as 30d".to_owned())
}

fn s3_uri(text: &str) -> Result<String, String> {
    let text = text.trim();
    let bucket = text.strip_prefix("s3://").unwrap_or_default();
    if bucket.is_empty() || bucket.starts_with('/') {
        return Err("expected s3://bucket/prefix".to_owned());
    }
    Ok(text.to_owned())
}
