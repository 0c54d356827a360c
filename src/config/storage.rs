//! `[storage]`: the source of the CSV files, and how to reach S3.
//!
//! The AWS variables are the AWS SDK's own. The SDK looks up what is not set here in
//! its other sources: profiles, web identity, instance metadata.

use super::key::{ConfigKey, Visibility};
use super::parse;
use super::secret::Secret;
use super::values::{Values, config_error, not_set};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("storage");

/// The source of the CSV files.
pub const SOURCE_URI: ConfigKey = ConfigKey {
    name: "source_uri",
    env: "SOURCE_URI",
    doc: "where the CSV files are: `s3://bucket/prefix` or `file:///dir`",
    ..SECTION
};

/// An S3 server other than AWS.
pub const ENDPOINT_URL: ConfigKey = ConfigKey {
    name: "endpoint_url",
    env: "AWS_ENDPOINT_URL",
    doc: "an S3 server other than AWS, as `http://host:9000`",
    ..SECTION
};

/// The region.
pub const REGION: ConfigKey =
    ConfigKey { name: "region", env: "AWS_REGION", doc: "the region of the bucket", ..SECTION };

/// The id of static credentials.
pub const ACCESS_KEY_ID: ConfigKey = ConfigKey {
    name: "access_key_id",
    env: "AWS_ACCESS_KEY_ID",
    doc: "static credentials; without them the AWS SDK uses its other sources",
    ..SECTION
};

/// The secret of static credentials.
pub const SECRET_ACCESS_KEY: ConfigKey = ConfigKey {
    name: "secret_access_key",
    env: "AWS_SECRET_ACCESS_KEY",
    doc: "the secret that belongs to `access_key_id`",
    visibility: Visibility::Hidden,
    ..SECTION
};

/// The token of temporary credentials.
pub const SESSION_TOKEN: ConfigKey = ConfigKey {
    name: "session_token",
    env: "AWS_SESSION_TOKEN",
    doc: "the token of temporary credentials",
    visibility: Visibility::Hidden,
    ..SECTION
};

/// How a bucket is addressed.
pub const FORCE_PATH_STYLE: ConfigKey = ConfigKey {
    name: "force_path_style",
    env: "S3_FORCE_PATH_STYLE",
    doc: "`true` addresses the bucket by path, not by host name; the default is `true` if \
          `endpoint_url` is set",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[
    SOURCE_URI, ENDPOINT_URL, REGION, ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN,
    FORCE_PATH_STYLE,
];

/// The section's values.
#[derive(Debug, Clone)]
pub struct StorageConfig {
    /// The source of the CSV files; see [`StorageConfig::require_source`].
    pub source_uri: Option<String>,
    /// An S3 server other than AWS.
    pub endpoint_url: Option<String>,
    /// The region of the bucket.
    pub region: Option<String>,
    /// Static credentials; without them the SDK uses its chain.
    pub credentials: Option<StaticCredentials>,
    /// Whether the bucket is addressed by path.
    pub force_path_style: Option<bool>,
}

/// Static credentials.
#[derive(Debug, Clone)]
pub struct StaticCredentials {
    /// The id.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: Secret,
    /// The token of temporary credentials.
    pub session_token: Option<Secret>,
}

impl StorageConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        let endpoint_url = values.optional(&ENDPOINT_URL, endpoint)?;
        let path_style = values.optional(&FORCE_PATH_STYLE, parse::boolean)?;
        Ok(Self {
            source_uri: values.optional(&SOURCE_URI, source_uri)?,
            region: values.optional(&REGION, parse::text)?,
            credentials: credentials(values)?,
            force_path_style: path_style,
            endpoint_url,
        })
    }

    /// The source of the CSV files, or the error that says how to set it.
    pub fn require_source(&self) -> Result<&str> {
        self.source_uri.as_deref().ok_or_else(|| not_set(&SOURCE_URI))
    }
}

fn credentials(values: &Values) -> Result<Option<StaticCredentials>> {
    let secret = |text: &str| parse::text(text).map(Secret::new);
    let id = values.optional(&ACCESS_KEY_ID, parse::text)?;
    let key = values.optional(&SECRET_ACCESS_KEY, secret)?;
    let session_token = values.optional(&SESSION_TOKEN, secret)?;
    match (id, key) {
        (Some(access_key_id), Some(secret_access_key)) => {
            Ok(Some(StaticCredentials { access_key_id, secret_access_key, session_token }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err(config_error(format!(
            "{ACCESS_KEY_ID} is set and {SECRET_ACCESS_KEY} ({}) is not: set both or neither",
            SECRET_ACCESS_KEY.env
        ))),
        (None, Some(_)) => Err(config_error(format!(
            "{SECRET_ACCESS_KEY} is set and {ACCESS_KEY_ID} ({}) is not: set both or neither",
            ACCESS_KEY_ID.env
        ))),
    }
}

fn endpoint(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    match text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")) {
        Some(host) if !host.is_empty() => Ok(text.to_owned()),
        _ => Err("expected http://host:port or https://host:port".to_owned()),
    }
}

/// Checks that `text` is a source of CSV files: `s3://bucket[/prefix]` or
/// `file:///dir`.
pub fn source_uri(text: &str) -> Result<String, String> {
    let text = text.trim();
    let bucket = text.strip_prefix("s3://").is_some_and(|rest| rest.starts_with(is_bucket_start));
    let folder = text.strip_prefix("file://").is_some_and(|path| path.starts_with('/'));
    if bucket || folder {
        Ok(text.to_owned())
    } else {
        Err("expected s3://bucket/prefix or file:///dir (an absolute path)".to_owned())
    }
}

fn is_bucket_start(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_a_scheme_and_a_path() {
        for good in ["s3://bucket", "s3://bucket/some/prefix", "file:///data"] {
            assert_eq!(source_uri(good).as_deref(), Ok(good));
        }
        for bad in ["", "data", "/data", "s3://", "s3:///prefix", "file://data", "http://host"] {
            assert!(source_uri(bad).is_err(), "{bad}");
        }
    }
}
