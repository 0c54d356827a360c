//! `[cache]`: the response cache.

use super::key::ConfigKey;
use super::parse;
use super::values::Values;
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("cache");

/// Whether responses are cached.
pub const ENABLED: ConfigKey = ConfigKey {
    name: "enabled",
    env: "CACHE_ENABLED",
    default: Some("true"),
    doc: "cache responses until the data change; they are never stale",
    ..SECTION
};

/// Its size.
pub const MAX_BYTES: ConfigKey = ConfigKey {
    name: "max_bytes",
    env: "CACHE_MAX_BYTES",
    default: Some("32MiB"),
    doc: "the memory for cached responses; one larger than a sixteenth of it is not cached",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[ENABLED, MAX_BYTES];

const MIB: usize = 1 << 20;

/// The section's values.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// Whether responses are cached.
    pub enabled: bool,
    /// Most bytes of all cached responses.
    pub max_bytes: usize,
}

impl CacheConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self {
            enabled: values.required(&ENABLED, parse::boolean)?,
            max_bytes: values.required(&MAX_BYTES, parse::bytes(MIB..=64 * 1024 * MIB))?,
        })
    }
}
