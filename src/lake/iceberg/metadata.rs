//! The metadata of a table: schemas, partitioning, snapshots. What another program has added is
//! kept as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::column::Field;
use super::partition::PartitionSpec;
use super::schema::{self, Schema, Wanted};
use crate::error::{Code, Error, Result};

const MAIN: &str = "main";

/// The metadata of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::lake) struct TableMetadata {
    format_version: i32,
    table_uuid: Uuid,
    location: String,
    last_sequence_number: i64,
    last_updated_ms: i64,
    last_column_id: i32,
    schemas: Vec<Schema>,
    current_schema_id: i32,
    partition_specs: Vec<PartitionSpec>,
    default_spec_id: i32,
    last_partition_id: i32,
    sort_orders: Json,
    default_sort_order_id: i32,
    #[serde(default)]
    properties: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current_snapshot_id: Option<i64>,
    #[serde(default)]
    refs: BTreeMap<String, Json>,
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

    /// Whether each snapshot has come of the one before it, and all are of one branch: then a
    /// file that has gone never comes back.
    pub(in crate::lake) fn is_line(&self) -> bool {
        let pairs = self.snapshots.iter().zip(self.snapshots.iter().skip(1));
        self.refs.keys().all(|name| name == MAIN)
            && pairs.into_iter().all(|(one, next)| next.parent_snapshot_id == Some(one.snapshot_id))
    }

    /// Takes out the snapshots that were replaced before a time, except those that are still
    /// referred to. Their age does not count: a reader may have begun with the last one a
    /// moment before it was replaced.
    pub(in crate::lake) fn expire(&mut self, before_ms: i64) -> Vec<Snapshot> {
        let named: Vec<i64> =
            self.refs.values().filter_map(|named| named.get("snapshot-id")?.as_i64()).collect();
        let replaced = self.replaced_ms();
        let all = std::mem::take(&mut self.snapshots);
        let (kept, expired) = all.into_iter().partition(|snapshot: &Snapshot| {
            let id = snapshot.snapshot_id;
            named.contains(&id) || replaced.get(&id).is_none_or(|time| *time >= before_ms)
        });
        self.snapshots = kept;
        let is_kept = |id: i64| self.snapshots.iter().any(|snapshot| snapshot.snapshot_id == id);
        // As the specification has it: from the last that is not kept on.
        let first = self.snapshot_log.iter().rposition(|logged| !is_kept(logged.snapshot_id));
        self.snapshot_log.drain(..first.map_or(0, |last| last + 1));
        expired
    }

    /// When snapshots were replaced. The log tells it of those that have been current; of
    /// others the time of the next one is taken.
    fn replaced_ms(&self) -> BTreeMap<i64, i64> {
        let mut times: Vec<i64> = self.snapshots.iter().map(|one| one.timestamp_ms).collect();
        times.sort_unstable();
        let after = |time: i64| times.get(times.partition_point(|other| *other <= time)).copied();
        let by_time = |one: &Snapshot| Some((one.snapshot_id, after(one.timestamp_ms)?));
        let mut replaced: BTreeMap<i64, i64> = self.snapshots.iter().filter_map(by_time).collect();
        let next = self.snapshot_log.iter().skip(1);
        let logged = self.snapshot_log.iter().zip(next);
        replaced.extend(logged.map(|(one, next)| (one.snapshot_id, next.timestamp_ms)));
        if let Some(current) = self.current_snapshot_id {
            replaced.remove(&current);
        }
        replaced
    }

    /// Names the file that this one comes after, and tells those that are not named any more:
    /// they were replaced before a time.
    pub(in crate::lake) fn follow(
        &mut self,
        file: &str,
        its_time_ms: i64,
        before_ms: i64,
    ) -> Vec<String> {
        self.metadata_log
            .push(LoggedMetadata { timestamp_ms: its_time_ms, metadata_file: file.to_owned() });
        let next = self.metadata_log.iter().skip(1).map(|logged| logged.timestamp_ms);
        let replaced = next.chain([self.last_updated_ms]);
        let gone = replaced.take_while(|time| *time < before_ms).count();
        self.metadata_log.drain(..gone).map(|logged| logged.metadata_file).collect()
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

    /// A table with snapshots of these times.
    fn table_of(times: &[i64]) -> TableMetadata {
        let mut table = TableMetadata::create("s3://b/t", &[wanted("id")], None);
        for (id, time) in (1..).zip(times) {
            table.push(Snapshot {
                snapshot_id: id,
                parent_snapshot_id: (id > 1).then_some(id - 1),
                sequence_number: table.next_sequence_number(),
                timestamp_ms: *time,
                manifest_list: String::new(),
                summary: BTreeMap::new(),
                schema_id: Some(0),
            });
        }
        table
    }

    fn expired(table: &mut TableMetadata, before: i64) -> Vec<i64> {
        table.expire(before).iter().map(|one| one.snapshot_id).collect()
    }

    #[test]
    fn snapshots_expire_a_term_after_they_were_replaced() {
        let mut table = table_of(&[10, 20, 500]);
        assert_eq!(expired(&mut table, 20), [0; 0], "the first one was current until 20");
        assert_eq!(expired(&mut table, 21), [1]);
        assert_eq!(table.snapshot_log.len(), 2);
        assert_eq!(expired(&mut table, 500), [0; 0], "the second one was current until 500");
        assert_eq!(expired(&mut table, i64::MAX), [2]);
        assert_eq!(table.current().map(|it| it.snapshot_id), Some(3));
        let bytes = table.to_bytes().unwrap();
        let read = TableMetadata::parse(&bytes, "here").unwrap();
        assert_eq!(read.to_bytes().unwrap(), bytes);
        assert!(TableMetadata::parse(b"{}", "here").is_err());
    }

    #[test]
    fn a_snapshot_that_was_current_again_was_replaced_later() {
        let mut table = table_of(&[10, 20, 30]);
        // Another program has rolled it back, and the next snapshot came of the first.
        table.snapshot_log.push(LoggedSnapshot { timestamp_ms: 40, snapshot_id: 1 });
        assert!(table.is_line());
        table.push(Snapshot {
            snapshot_id: 4,
            parent_snapshot_id: Some(1),
            timestamp_ms: 50,
            ..table.snapshots[0].clone()
        });
        assert!(!table.is_line());
        assert_eq!(expired(&mut table, 45), [2, 3]);
        table.refs.insert("tag".to_owned(), json!({"snapshot-id": 1, "type": "tag"}));
        assert_eq!(expired(&mut table, i64::MAX), [0; 0], "a tag keeps it");
        assert!(!table.is_line());
    }

    #[test]
    fn metadata_files_are_named_until_a_term_after_they_were_replaced() {
        let mut table = table_of(&[100]);
        assert_eq!(table.follow("a", 10, 100), [""; 0]);
        table.touch(200);
        assert_eq!(table.follow("b", 100, 100), [""; 0], "the first one was current until 100");
        table.touch(300);
        assert_eq!(table.follow("c", 200, 101), ["a"]);
        table.touch(400);
        assert_eq!(table.follow("d", 300, i64::MAX), ["b", "c", "d"]);
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
