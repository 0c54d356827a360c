//! `[webhook]`: who is told when a load run or a report ends.

use std::time::Duration;

use super::key::{ConfigKey, Visibility};
use super::parse;
use super::secret::Secret;
use super::values::{Values, config_error};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("webhook");

/// Where notifications go.
pub const URL: ConfigKey = ConfigKey {
    name: "url",
    env: "WEBHOOK_URL",
    doc: "where a notification is sent when a load run or a report ends; none unless set",
    // It may have a token in its path.
    visibility: Visibility::Hidden,
    ..SECTION
};

/// The secret of their signatures.
pub const SECRET: ConfigKey = ConfigKey {
    name: "secret",
    env: "WEBHOOK_SECRET",
    doc: "the secret of their signatures after Standard Webhooks: base64, also with `whsec_`",
    visibility: Visibility::Hidden,
    ..SECTION
};

/// How long the server may take.
pub const TIMEOUT: ConfigKey = ConfigKey {
    name: "timeout",
    env: "WEBHOOK_TIMEOUT",
    default: Some("10s"),
    doc: "how long the answer may take before the notification is sent again",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[URL, SECRET, TIMEOUT];

/// The section's values.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// The URL and the secret; none is no webhook.
    pub target: Option<(Secret, Secret)>,
    /// How long the answer may take.
    pub timeout: Duration,
}

impl WebhookConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        let secret = |text: &str| parse::text(text).map(Secret::new);
        let target = match (values.optional(&URL, url)?, values.optional(&SECRET, secret)?) {
            (Some(url), Some(secret)) => Some((url, secret)),
            (None, None) => None,
            (Some(_), None) => return Err(alone(&URL, &SECRET)),
            (None, Some(_)) => return Err(alone(&SECRET, &URL)),
        };
        Ok(Self { target, timeout: values.required(&TIMEOUT, parse::duration)? })
    }
}

fn alone(set: &ConfigKey, missing: &ConfigKey) -> crate::error::Error {
    config_error(format!(
        "{set} is set and {missing} ({}) is not: set both or neither",
        missing.env
    ))
}

fn url(text: &str) -> Result<Secret, String> {
    let text = text.trim();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with('/') => Ok(Secret::new(text)),
        _ => Err("expected https://host/path".to_owned()),
    }
}
