//! `[cache]`: answers kept ready.

use super::key::Key;
use super::parse;
use super::values::Values;
use crate::error::Result;

const SECTION: Key = Key::of("cache");

/// Whether there is a cache.
pub const ENABLED: Key = Key {
    name: "enabled",
    env: "CACHE_ENABLED",
    default: Some("true"),
    doc: "keep answers ready until the data change; they are never out of date",
    ..SECTION
};

/// Its size.
pub const MAX_BYTES: Key = Key {
    name: "max_bytes",
    env: "CACHE_MAX_BYTES",
    default: Some("32MiB"),
    doc: "the memory for answers kept ready; one of more than a sixteenth of it is not kept",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[Key] = &[ENABLED, MAX_BYTES];

const MIB: usize = 1 << 20;

/// The section's values.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// Whether answers are kept.
    pub enabled: bool,
    /// The most bytes of all of them.
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
