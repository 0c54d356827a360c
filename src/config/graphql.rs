//! `[graphql]`: what the API is beside one for its clients.

use super::key::ConfigKey;
use super::parse;
use super::values::Values;
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("graphql");

/// Whether the API is a subgraph.
pub const FEDERATION: ConfigKey = ConfigKey {
    name: "federation",
    env: "GRAPHQL_FEDERATION",
    default: Some("false"),
    doc: "`true` makes the API a subgraph of Apollo Federation 2, with `_service` and `_entities`",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[FEDERATION];

/// The section's values.
#[derive(Debug, Clone, Copy)]
pub struct GraphqlConfig {
    /// Whether the API is a subgraph of Apollo Federation.
    pub federation: bool,
}

impl GraphqlConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        Ok(Self { federation: values.required(&FEDERATION, parse::boolean)? })
    }
}
