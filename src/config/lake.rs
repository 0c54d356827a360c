//! `[lake]`: where what was fetched is kept, raw and curated.

use super::key::ConfigKey;
use super::values::{Values, not_set};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("lake");

/// Where the lake is.
pub const URI: ConfigKey = ConfigKey {
    name: "uri",
    env: "LAKE_URI",
    doc: "where answers of public APIs are kept, raw and curated: `s3://bucket/prefix`; without \
          it no rates are fetched",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[URI];

/// The section's values.
#[derive(Debug, Clone)]
pub struct LakeConfig {
    /// Where the lake is; see [`LakeConfig::require_uri`].
    pub uri: Option<String>,
}

impl LakeConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self { uri: values.optional(&URI, s3_uri)? })
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
