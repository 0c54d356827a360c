//! `[auth]`: access control besides the tokens of `[jwt]`.

use super::key::ConfigKey;
use super::parse;
use super::values::Values;
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("auth");

/// Whether API keys are accepted.
pub const API_KEYS: ConfigKey = ConfigKey {
    name: "api_keys",
    env: "AUTH_API_KEYS",
    doc: "whether API keys (`salesgraph key`) are accepted; by default they are where tokens are; \
          `true` needs no tokens",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[API_KEYS];

/// The section's values.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// Whether API keys are accepted; `None`: where tokens are.
    pub api_keys: Option<bool>,
}

impl AuthConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self { api_keys: values.optional(&API_KEYS, parse::boolean)? })
    }
}
