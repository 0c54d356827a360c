//! `[analytics]`: aggregates that no table keeps ready.

use super::key::ConfigKey;
use super::parse;
use super::values::Values;
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("analytics");

/// Memory of the columns.
pub const MEMORY: ConfigKey = ConfigKey {
    name: "memory",
    env: "ANALYTICS_MEMORY",
    default: Some("256MiB"),
    doc: "the most memory for a copy of the order lines in columns, from which aggregates are \
          answered; it is read when the first one asks, about 25 bytes a line; without room for \
          it, and with 0, they are read from the rows",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[MEMORY];

const MOST: usize = 1 << 40;

/// The section's values.
#[derive(Debug, Clone)]
pub struct AnalyticsConfig {
    /// Most bytes of the columns; 0 is without them.
    pub memory: usize,
}

impl AnalyticsConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self { memory: values.required(&MEMORY, parse::bytes(0..=MOST))? })
    }
}
