//! The manifest beside a report: what it is, for programs that only see the bucket.

use chrono::SecondsFormat;
use serde_json::json;

use super::key::file_name;
use super::store::{Begun, Made};
use crate::error::{Error, Result};

/// The manifest as JSON.
pub(super) fn manifest(begun: &Begun, made: &Made) -> Result<Vec<u8>> {
    let time =
        |time: &chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let columns = begun
        .query
        .columns
        .as_ref()
        .map(|columns| columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>());
    let manifest = json!({
        "id": begun.id,
        "file": file_name(&begun.key),
        "key": begun.key,
        "organization": begun.scope.org(),
        "project": begun.project,
        "kind": begun.kind,
        "format": begun.format,
        "version": begun.version,
        "query": begun.query.document,
        "variables": begun.query.variables,
        "columns": columns,
        "territories": begun.scope.territories(),
        "rowCount": made.rows,
        "byteSize": made.bytes,
        "sha256": made.sha256,
        "dataVersion": made.version.version,
        "dataAsOf": time(&made.version.as_of),
        "requestedBy": begun.requested_by,
        "requestedAt": time(&begun.requested_at),
        "startedAt": time(&begun.started_at),
    });
    serde_json::to_vec_pretty(&manifest)
        .map_err(|error| Error::internal("a manifest cannot be written").with_source(error))
}
