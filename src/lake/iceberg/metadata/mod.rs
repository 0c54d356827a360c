//! The metadata of a table: schemas, partitioning, snapshots. What another program has added is
//! kept as it is.

mod expiry;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::column::Field;
use super::partition::PartitionSpec;
use super::schema::{self, Schema, Wanted};
use crate::error::{Code, Error, Result};

/// The branch that readers see.
pub(super) const MAIN: &str = "main";

/// The metadata of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::lake) struct TableMetadata {
    format_version: i32,
    pub(super) table_uuid: Uuid,
    location: String,
    last_sequence_number: i64,
    last_updated_ms: i64,
    pub(super) last_column_id: i32,
    pub(super) schemas: Vec<Schema>,
    pub(super) current_schema_id: i32,
    partition_specs: Vec<PartitionSpec>,
    pub(super) default_spec_id: i32,
    last_partition_id: i32,
    sort_orders: Json,
    default_sort_order_id: i32,
    #[serde(default)]
    properties: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current_snapshot_id: Option<i64>,
    #[serde(default)]
    pub(super) refs: BTreeMap<String, Json>,
    #[serde(default)]
    snapshots: Vec<Snapshot>,
    #[serde(default)]
    snapshot_log: Vec<LoggedSnapshot>,
    #[serde(default)]
    metadata_log: Vec<LoggedMetadata>,
    #[serde(flatten)]
    others: Map<String, Json>,
}

/// A snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::lake) struct Snapshot {
    pub(in crate::lake) snapshot_id: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lake) parent_snapshot_id: Option<i64>,
    #[serde(default)]
    pub(in crate::lake) sequence_number: i64,
    pub(in crate::lake) timestamp_ms: i64,
    /// The URI of the list of its manifests.
    pub(in crate::lake) manifest_list: String,
    pub(in crate::lake) summary: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lake) schema_id: Option<i32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct LoggedSnapshot {
    timestamp_ms: i64,
    snapshot_id: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct LoggedMetadata {
    timestamp_ms: i64,
    metadata_file: String,
}

impl TableMetadata {
    /// That of a new table without a snapshot. `month_of` is the column by whose month it is
    /// partitioned.
    pub(in crate::lake) fn create(
        location: &str,
        columns: &[Wanted<'_>],
        month_of: Option<&str>,
    ) -> Self {
        let schema = schema::first(columns);
        let source = month_of.and_then(|name| schema.fields.iter().find(|it| it.name == name));
        let spec = PartitionSpec::by_month(source.map(|source| (source.id, source.name.as_str())));
        Self {
            format_version: 2,
            table_uuid: Uuid::new_v4(),
            location: location.to_owned(),
            last_sequence_number: 0,
            last_updated_ms: 0,
            last_column_id: i32::try_from(columns.len()).unwrap_or(i32::MAX),
            schemas: vec![schema],
            current_schema_id: 0,
            last_partition_id: spec.last_id(),
            partition_specs: vec![spec],
            default_spec_id: 0,
            sort_orders: json!([{"order-id": 0, "fields": []}]),
            default_sort_order_id: 0,
            properties: [
                ("write.format.default", "parquet"),
                ("write.parquet.compression-codec", "zstd"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            current_snapshot_id: None,
            refs: BTreeMap::new(),
            snapshots: Vec::new(),
            snapshot_log: Vec::new(),
            metadata_log: Vec::new(),
            others: Map::new(),
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// `CONFLICT` if it is none of version 2.
    pub(in crate::lake) fn parse(bytes: &[u8], location: &str) -> Result<Self> {
        let failed = |what: String| {
            let message = format!("the metadata of a lake's table, {location}, cannot be used");
            Error::new(Code::Conflict, message).with_source(what)
        };
        let mut read: Self =
            serde_json::from_slice(bytes).map_err(|error| failed(error.to_string()))?;
        if read.format_version != 2 {
            return Err(failed(format!("its format version is {}", read.format_version)));
        }
        // Some programs write that for none.
        read.current_snapshot_id = read.current_snapshot_id.filter(|id| *id != -1);
        Ok(read)
    }

    /// The bytes of the file.
    pub(in crate::lake) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self)
            .map_err(|error| Error::internal("metadata cannot be written").with_source(error))
    }

    /// Makes these the columns, and tells them with their ids.
    pub(in crate::lake) fn evolve(&mut self, columns: &[Wanted<'_>]) -> Vec<Field> {
        let (evolved, last) = schema::evolve(&self.schemas, columns, self.last_column_id);
        self.last_column_id = last;
        let fields = evolved.columns(columns);
        self.current_schema_id = evolved.schema_id;
        if self.schemas.iter().all(|schema| schema.schema_id != evolved.schema_id) {
            self.schemas.push(evolved);
        }
        fields
    }

    /// Those of these columns that the current schema has.
    pub(in crate::lake) fn fields(&self, columns: &[Wanted<'_>]) -> Vec<Field> {
        let is_current = |schema: &&Schema| schema.schema_id == self.current_schema_id;
        let current = self.schemas.iter().find(is_current);
        current.map_or_else(Vec::new, |schema| schema.present(columns))
    }

    /// The current schema and its id, as manifests have them.
    pub(in crate::lake) fn schema(&self) -> (Json, i32) {
        let is_current = |schema: &&Schema| schema.schema_id == self.current_schema_id;
        let schema = self.schemas.iter().find(is_current);
        (json!(schema), self.current_schema_id)
    }

    /// The fields by which the table is partitioned, and the id of their spec.
    pub(in crate::lake) fn partition_fields(&self) -> (Json, i32) {
        (json!(self.spec().map(|spec| &spec.fields)), self.default_spec_id)
    }

    /// The name of the partition field.
    pub(in crate::lake) fn partition(&self) -> Option<&str> {
        self.spec()?.fields.first().map(|field| field.name.as_str())
    }

    fn spec(&self) -> Option<&PartitionSpec> {
        self.partition_specs.iter().find(|spec| spec.spec_id == self.default_spec_id)
    }

    /// Whether files may be partitioned in another way than this program does it.
    pub(in crate::lake) fn is_repartitioned(&self) -> bool {
        self.partition_specs.len() != 1
    }

    /// Whether its files are partitioned by the month of this column alone, or not at all.
    pub(in crate::lake) fn is_by_month_of(&self, column: Option<&str>) -> bool {
        let Some(spec) = self.spec() else { return false };
        let is_current = |schema: &&Schema| schema.schema_id == self.current_schema_id;
        let current = self.schemas.iter().find(is_current);
        let fields = current.map(|schema| schema.fields.as_slice()).unwrap_or_default();
        let source = column.and_then(|name| fields.iter().find(|field| field.name == name));
        spec.is_by_month(source.map(|source| (source.id, source.name.as_str())))
    }

    /// Whether a branch or tag names a snapshot.
    pub(in crate::lake) fn is_named(&self, id: i64) -> bool {
        self.refs.values().any(|named| named["snapshot-id"].as_i64() == Some(id))
    }

    /// What a catalogue makes a table of: its schema, its partitioning, its properties.
    pub(in crate::lake) fn of_new(&self) -> (Json, Json, BTreeMap<String, String>) {
        (json!(self.schemas.first()), json!(self.spec()), self.properties.clone())
    }

    /// The URI below which its files are.
    pub(in crate::lake) fn location(&self) -> &str {
        &self.location
    }

    /// The snapshot that readers see.
    pub(in crate::lake) fn current(&self) -> Option<&Snapshot> {
        let id = self.current_snapshot_id?;
        self.snapshots.iter().find(|snapshot| snapshot.snapshot_id == id)
    }

    /// All snapshots that readers may ask for.
    pub(in crate::lake) fn snapshots(&self) -> &[Snapshot] {
        &self.snapshots
    }

    /// The sequence number of the next snapshot.
    pub(in crate::lake) const fn next_sequence_number(&self) -> i64 {
        self.last_sequence_number + 1
    }

    /// The time of the next snapshot: times never go back.
    pub(in crate::lake) fn time_after(&self, now_ms: i64) -> i64 {
        now_ms.max(self.last_updated_ms + 1)
    }

    /// Makes a snapshot the current one.
    pub(in crate::lake) fn push(&mut self, snapshot: Snapshot) {
        let id = snapshot.snapshot_id;
        self.last_sequence_number = snapshot.sequence_number;
        self.last_updated_ms = snapshot.timestamp_ms;
        self.snapshot_log
            .push(LoggedSnapshot { timestamp_ms: snapshot.timestamp_ms, snapshot_id: id });
        self.current_snapshot_id = Some(id);
        self.refs.insert(MAIN.to_owned(), json!({"snapshot-id": id, "type": "branch"}));
        self.snapshots.push(snapshot);
    }

    /// When it was last changed.
    pub(in crate::lake) const fn last_updated_ms(&self) -> i64 {
        self.last_updated_ms
    }

    /// Notes a change that is no snapshot.
    pub(in crate::lake) const fn touch(&mut self, time_ms: i64) {
        self.last_updated_ms = time_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::Type;
    use super::*;

    fn wanted(name: &str) -> Wanted<'_> {
        Wanted { name, ty: Type::Int, required: true, is_key: name == "id", doc: "" }
    }

    #[test]
    fn another_partitioning_is_noticed() {
        let columns = [wanted("id"), wanted("day")];
        let table = TableMetadata::create("s3://b/t", &columns, Some("day"));
        assert!(table.is_by_month_of(Some("day")));
        assert!(!table.is_by_month_of(Some("id")) && !table.is_by_month_of(None));
        let changed = |change: &dyn Fn(&mut Json)| {
            let mut json: Json = serde_json::from_slice(&table.to_bytes().unwrap()).unwrap();
            change(&mut json["partition-specs"][0]["fields"]);
            let read = TableMetadata::parse(json.to_string().as_bytes(), "here").unwrap();
            read.is_by_month_of(Some("day"))
        };
        assert!(changed(&|_| {}));
        assert!(!changed(&|fields| *fields = json!([])));
        assert!(!changed(&|fields| fields[0]["transform"] = json!("year")));
        assert!(!changed(&|fields| fields[0]["source-id"] = json!(1)));
        assert!(!changed(&|fields| {
            let more = json!({"source-id": 2, "field-id": 1001, "name": "d", "transform": "day"});
            fields.as_array_mut().unwrap().push(more);
        }));
        let whole = TableMetadata::create("s3://b/t", &columns, None);
        assert!(whole.is_by_month_of(None) && !whole.is_by_month_of(Some("day")));
    }

    #[test]
    fn what_others_have_added_is_kept() {
        let table = TableMetadata::create("s3://b/t", &[wanted("id")], None);
        let mut json: Json = serde_json::from_slice(&table.to_bytes().unwrap()).unwrap();
        json["statistics"] = json!([{"snapshot-id": 1}]);
        json["current-snapshot-id"] = json!(-1);
        let read = TableMetadata::parse(json.to_string().as_bytes(), "here").unwrap();
        let back: Json = serde_json::from_slice(&read.to_bytes().unwrap()).unwrap();
        assert_eq!(back["statistics"], json["statistics"]);
        assert_eq!(back.get("current-snapshot-id"), None);
    }
}
