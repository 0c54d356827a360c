//! The metadata of a table: schemas, partitioning, snapshots. What another program has added is
//! kept as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::column::{Field, Type};
use crate::error::{Code, Error, Result};

/// The id of the only partition field.
pub(super) const PARTITION_FIELD_ID: i32 = 1_000;
/// The last id where there is none.
const NO_PARTITION_FIELD_ID: i32 = 999;
/// Most earlier metadata files that are named, and kept.
const LOGGED: usize = 20;
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

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Schema {
    #[serde(rename = "type")]
    ty: String,
    schema_id: i32,
    #[serde(default)]
    identifier_field_ids: Vec<i32>,
    fields: Vec<SchemaField>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SchemaField {
    id: i32,
    name: String,
    required: bool,
    #[serde(rename = "type")]
    ty: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doc: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PartitionSpec {
    spec_id: i32,
    fields: Vec<PartitionField>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PartitionField {
    source_id: i32,
    field_id: i32,
    name: String,
    transform: String,
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

/// A column that a table is to have.
#[derive(Debug)]
pub(in crate::lake) struct Wanted<'a> {
    pub(in crate::lake) name: &'a str,
    pub(in crate::lake) ty: Type,
    pub(in crate::lake) required: bool,
    /// Whether it is of the key.
    pub(in crate::lake) is_key: bool,
    pub(in crate::lake) doc: &'a str,
}

impl TableMetadata {
    /// That of a new table without a snapshot. `month_of` is the column by whose month it is
    /// partitioned.
    pub(in crate::lake) fn create(
        location: &str,
        columns: &[Wanted<'_>],
        month_of: Option<&str>,
    ) -> Self {
        let schema = schema_of(columns, 0, |_| None, &mut 0, true);
        let source = month_of.and_then(|name| schema.fields.iter().find(|it| it.name == name));
        let fields = source.map(|source| PartitionField {
            source_id: source.id,
            field_id: PARTITION_FIELD_ID,
            name: format!("{}_month", source.name),
            transform: "month".to_owned(),
        });
        let fields: Vec<PartitionField> = fields.into_iter().collect();
        let is_partitioned = !fields.is_empty();
        Self {
            format_version: 2,
            table_uuid: Uuid::new_v4(),
            location: location.to_owned(),
            last_sequence_number: 0,
            last_updated_ms: 0,
            last_column_id: i32::try_from(columns.len()).unwrap_or(i32::MAX),
            schemas: vec![schema],
            current_schema_id: 0,
            partition_specs: vec![PartitionSpec { spec_id: 0, fields }],
            default_spec_id: 0,
            last_partition_id: if is_partitioned {
                PARTITION_FIELD_ID
            } else {
                NO_PARTITION_FIELD_ID
            },
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

    /// Makes these the columns, and tells them with their ids: a column has the id that its
    /// name has had in any schema, a new one a new id.
    pub(in crate::lake) fn evolve(&mut self, columns: &[Wanted<'_>]) -> Vec<Field> {
        let known = |name: &str| {
            let all = self.schemas.iter().rev().flat_map(|schema| &schema.fields);
            let found = all.clone().find(|field| field.name == name)?;
            Some((found.id, found.required))
        };
        let mut last = self.last_column_id;
        let next_id = self.schemas.iter().map(|schema| schema.schema_id).max().unwrap_or(-1) + 1;
        let wanted = schema_of(columns, next_id, known, &mut last, false);
        let same = self.schemas.iter().find(|schema| schema.fields == wanted.fields);
        let fields = columns.iter().zip(&wanted.fields).map(|(column, field)| Field {
            id: field.id,
            name: field.name.clone(),
            ty: column.ty,
            required: field.required,
        });
        let fields = fields.collect();
        match same.map(|schema| schema.schema_id) {
            Some(id) => self.current_schema_id = id,
            None => {
                self.current_schema_id = next_id;
                self.last_column_id = last;
                self.schemas.push(wanted);
            }
        }
        fields
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

    /// Takes out the snapshots before a time, except those that are still referred to.
    pub(in crate::lake) fn expire(&mut self, before_ms: i64) -> Vec<Snapshot> {
        let named: Vec<i64> =
            self.refs.values().filter_map(|named| named.get("snapshot-id")?.as_i64()).collect();
        let all = std::mem::take(&mut self.snapshots);
        let (kept, expired) = all.into_iter().partition(|snapshot: &Snapshot| {
            snapshot.timestamp_ms >= before_ms || named.contains(&snapshot.snapshot_id)
        });
        self.snapshots = kept;
        let is_kept = |id: i64| self.snapshots.iter().any(|snapshot| snapshot.snapshot_id == id);
        // As the specification has it: from the last that is not kept on.
        let first = self.snapshot_log.iter().rposition(|logged| !is_kept(logged.snapshot_id));
        self.snapshot_log.drain(..first.map_or(0, |last| last + 1));
        expired
    }

    /// Names the file that this one comes after, and tells those that are not named any more.
    pub(in crate::lake) fn follow(&mut self, file: &str, its_time_ms: i64) -> Vec<String> {
        self.metadata_log
            .push(LoggedMetadata { timestamp_ms: its_time_ms, metadata_file: file.to_owned() });
        let surplus = self.metadata_log.len().saturating_sub(LOGGED);
        self.metadata_log.drain(..surplus).map(|logged| logged.metadata_file).collect()
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

/// A schema of these columns. A column that is added later may be null in older files.
fn schema_of(
    columns: &[Wanted<'_>],
    schema_id: i32,
    known: impl Fn(&str) -> Option<(i32, bool)>,
    last: &mut i32,
    is_first: bool,
) -> Schema {
    let mut identifier_field_ids = Vec::new();
    let mut fields = Vec::new();
    for column in columns {
        let (id, required) = match known(column.name) {
            Some((id, was_required)) => (id, was_required && column.required),
            None => {
                *last += 1;
                (*last, column.required && is_first)
            }
        };
        if column.is_key && required {
            identifier_field_ids.push(id);
        }
        let doc = (!column.doc.is_empty()).then(|| column.doc.to_owned());
        let (name, ty) = (column.name.to_owned(), column.ty.name().into());
        fields.push(SchemaField { id, name, required, ty, doc });
    }
    Schema { ty: "struct".to_owned(), schema_id, identifier_field_ids, fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str) -> Wanted<'_> {
        Wanted { name, ty: Type::Int, required: true, is_key: name == "id", doc: "" }
    }

    fn ids(fields: &[Field]) -> Vec<(String, i32, bool)> {
        fields.iter().map(|field| (field.name.clone(), field.id, field.required)).collect()
    }

    #[test]
    fn a_column_keeps_its_id_when_it_goes_and_comes_back() {
        let mut table = TableMetadata::create("s3://b/t", &[wanted("id"), wanted("name")], None);
        let of = |name: &str, id, required| (name.to_owned(), id, required);
        let first = table.evolve(&[wanted("id"), wanted("name")]);
        assert_eq!(ids(&first), [of("id", 1, true), of("name", 2, true)]);
        assert_eq!(table.current_schema_id, 0, "nothing has changed");
        let less = table.evolve(&[wanted("id")]);
        assert_eq!(ids(&less), [of("id", 1, true)]);
        let more = table.evolve(&[wanted("id"), wanted("size"), wanted("name")]);
        assert_eq!(ids(&more), [of("id", 1, true), of("size", 3, false), of("name", 2, true)]);
        assert_eq!(table.last_column_id, 3);
        table.evolve(&[wanted("id")]);
        assert_eq!((table.current_schema_id, table.schemas.len()), (1, 3));
    }

    #[test]
    fn snapshots_expire_but_for_the_current_one() {
        let mut table = TableMetadata::create("s3://b/t", &[wanted("id")], None);
        for id in 1..=3 {
            table.push(Snapshot {
                snapshot_id: id,
                parent_snapshot_id: (id > 1).then_some(id - 1),
                sequence_number: table.next_sequence_number(),
                timestamp_ms: table.time_after(0),
                manifest_list: String::new(),
                summary: BTreeMap::new(),
                schema_id: Some(0),
            });
        }
        let gone: Vec<i64> = table.expire(2).iter().map(|it| it.snapshot_id).collect();
        assert_eq!((gone, table.snapshot_log.len()), (vec![1], 2));
        assert_eq!(table.expire(i64::MAX).len(), 1);
        assert_eq!(table.current().map(|it| it.snapshot_id), Some(3));
        let bytes = table.to_bytes().unwrap();
        let read = TableMetadata::parse(&bytes, "here").unwrap();
        assert_eq!(read.to_bytes().unwrap(), bytes);
        assert!(TableMetadata::parse(b"{}", "here").is_err());
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
