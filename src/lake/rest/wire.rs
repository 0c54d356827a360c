//! What is said to a catalogue and answered by it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::error::{Code, Error, Result};
use crate::lake::iceberg::metadata::TableMetadata;

/// A table as a catalogue has it.
#[derive(Debug, Clone)]
pub(in crate::lake) struct Loaded {
    pub(in crate::lake) metadata: TableMetadata,
    /// Where the file of its metadata is; some catalogues have none.
    pub(in crate::lake) metadata_location: String,
}

/// What a table that is not there yet is made of.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::lake) struct NewTable {
    pub(in crate::lake) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::lake) location: Option<String>,
    pub(in crate::lake) schema: Json,
    pub(in crate::lake) partition_spec: Json,
    pub(in crate::lake) properties: BTreeMap<String, String>,
}

/// What changes in a table, and what must hold for it.
#[derive(Debug, Clone, Serialize)]
pub(in crate::lake) struct Change {
    pub(in crate::lake) requirements: Vec<Json>,
    pub(in crate::lake) updates: Vec<Json>,
}

/// The answer to a load, a creation and a commit.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct TableResult {
    #[serde(default)]
    metadata_location: Option<String>,
    metadata: Box<RawValue>,
}

impl Loaded {
    pub(super) fn parse(body: &[u8], table: &str) -> Result<Self> {
        let read: TableResult = serde_json::from_slice(body).map_err(|error| {
            let message = format!("the catalogue's answer about the table {table} cannot be read");
            Error::new(Code::Conflict, message).with_source(error)
        })?;
        let metadata_location = read.metadata_location.unwrap_or_default();
        let metadata = TableMetadata::parse(read.metadata.get().as_bytes(), table)?;
        Ok(Self { metadata, metadata_location })
    }
}

/// What a catalogue says of itself.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ConfigAnswer {
    #[serde(default)]
    pub(super) defaults: BTreeMap<String, Option<String>>,
    #[serde(default)]
    pub(super) overrides: BTreeMap<String, Option<String>>,
    #[serde(default)]
    pub(super) endpoints: Option<Vec<String>>,
}

/// What it says of a failure.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ErrorAnswer {
    pub(super) error: ErrorModel,
}

/// See [`ErrorAnswer`].
#[derive(Debug, Default, Deserialize)]
pub(super) struct ErrorModel {
    #[serde(default)]
    pub(super) message: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
}
