//! `[lake]`: where what was fetched is kept, raw and curated.

use std::time::Duration;

use super::key::ConfigKey;
use super::parse;
use super::values::{Values, not_set};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("lake");

/// Where the lake is.
pub const URI: ConfigKey = ConfigKey {
    name: "uri",
    env: "LAKE_URI",
    doc: "where answers of public APIs are kept, and all tables as Iceberg tables: \
          `s3://bucket/prefix`; without it no rates are fetched and no tables written",
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
    doc: "how long the tables of the lake can be read as they were; older snapshots go with the \
          next that is written",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[URI, PERSONS, SNAPSHOT_KEEP];

/// The section's values.
#[derive(Debug, Clone)]
pub struct LakeConfig {
    /// Where the lake is; see [`LakeConfig::require_uri`].
    pub uri: Option<String>,
    /// Whether personal data are in its tables.
    pub persons: bool,
    /// How long snapshots of its tables are kept.
    pub snapshot_keep: Duration,
}

impl LakeConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self {
            uri: values.optional(&URI, s3_uri)?,
            persons: values.required(&PERSONS, parse::boolean)?,
            snapshot_keep: values.required(&SNAPSHOT_KEEP, parse::duration)?,
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

fn s3_uri(text: &str) -> Result<String, String> {
    let text = text.trim();
    let bucket = text.strip_prefix("s3://").unwrap_or_default();
    if bucket.is_empty() || bucket.starts_with('/') {
        return Err("expected s3://bucket/prefix".to_owned());
    }
    Ok(text.to_owned())
}
