//! How to connect to S3.

use std::time::Duration;

use crate::config::{Secret, StorageConfig};
use crate::error::{Code, Error, Result};

/// How to connect to S3. `None` leaves a setting to the AWS SDK's own sources:
/// environment, profile files, web identity, the container's or instance's role.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// An S3 server other than AWS, for instance `http://localhost:9000`.
    pub endpoint_url: Option<String>,
    /// The region; defaults to `us-east-1` with an endpoint.
    pub region: Option<String>,
    /// `endpoint/bucket/key` rather than `bucket.endpoint/key`; defaults to true with an
    /// endpoint.
    pub force_path_style: Option<bool>,
    /// Id of the access key; requires `secret_access_key`.
    pub access_key_id: Option<String>,
    /// Secret of the access key; requires `access_key_id`.
    pub secret_access_key: Option<Secret>,
    /// Token of temporary credentials; requires both.
    pub session_token: Option<Secret>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a response or a body may send no byte.
    pub read_timeout: Duration,
}

impl Default for S3Settings {
    fn default() -> Self {
        Self {
            endpoint_url: None,
            region: None,
            force_path_style: None,
            access_key_id: None,
            secret_access_key: None,
            session_token: None,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
        }
    }
}

impl From<&StorageConfig> for S3Settings {
    fn from(config: &StorageConfig) -> Self {
        let credentials = config.credentials.as_ref();
        Self {
            endpoint_url: config.endpoint_url.clone(),
            region: config.region.clone(),
            force_path_style: config.force_path_style,
            access_key_id: credentials.map(|given| given.access_key_id.clone()),
            secret_access_key: credentials.map(|given| given.secret_access_key.clone()),
            session_token: credentials.and_then(|given| given.session_token.clone()),
            ..Self::default()
        }
    }
}

impl S3Settings {
    /// The configured key pair, if any; half a pair is an error.
    pub(super) fn key_pair(&self) -> Result<Option<(&str, &Secret)>> {
        match (self.access_key_id.as_deref(), self.secret_access_key.as_ref()) {
            (Some(id), Some(secret)) => Ok(Some((id, secret))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(half_pair("access_key_id", "secret_access_key")),
            (None, Some(_)) => Err(half_pair("secret_access_key", "access_key_id")),
        }
    }

    /// The configured endpoint, if any; one that is not an HTTP URL is an error.
    pub(super) fn endpoint(&self) -> Result<Option<&str>> {
        let Some(url) = self.endpoint_url.as_deref() else { return Ok(None) };
        let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
            let hint = "write it as http://host:port or https://host:port";
            let message = format!("the S3 endpoint '{url}' is not valid: {hint}");
            return Err(Error::new(Code::Config, message));
        }
        Ok(Some(url))
    }
}

fn half_pair(present: &str, missing: &str) -> Error {
    let message = format!("S3: {present} is set but {missing} is not: set both or neither");
    Error::new(Code::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_endpoint(url: &str) -> S3Settings {
        S3Settings { endpoint_url: Some(url.to_owned()), ..S3Settings::default() }
    }

    #[test]
    fn debug_masks_the_secret() {
        let secret_access_key = Some(Secret::new("hunter2"));
        let settings = S3Settings { secret_access_key, ..S3Settings::default() };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn half_a_key_pair_is_an_error() {
        let access_key_id = Some("id".to_owned());
        let mut settings = S3Settings { access_key_id, ..S3Settings::default() };
        let error = settings.key_pair().unwrap_err();
        assert_eq!(error.code(), Code::Config);
        assert!(error.message().contains("secret_access_key is not"));
        settings.secret_access_key = Some(Secret::new("secret"));
        assert!(settings.key_pair().unwrap().is_some());
    }

    #[test]
    fn endpoints_must_be_http_urls() {
        for url in ["http://localhost:9000", "https://s3.example.com/"] {
            assert_eq!(with_endpoint(url).endpoint().unwrap(), Some(url));
        }
        for url in ["localhost:9000", "http://", "https:///path", ""] {
            assert_eq!(with_endpoint(url).endpoint().unwrap_err().code(), Code::Config);
        }
    }
}
