//! Manifests: the data files of a snapshot, with what is known of their columns.

use apache_avro::schema::UnionSchema;
use apache_avro::types::Value;
use apache_avro::{AvroResult, Codec, DeflateSettings, Reader, Schema, Writer};
use serde_json::{Value as Json, json};

use super::values::{Fields, of_avro, optional, record};
use crate::error::Result;

/// What has happened to a file in the snapshot of its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lake) enum Status {
    Existing,
    Added,
    Deleted,
}

impl Status {
    const fn number(self) -> i32 {
        match self {
            Self::Existing => 0,
            Self::Added => 1,
            Self::Deleted => 2,
        }
    }
}

/// A file in a manifest.
#[derive(Debug, Clone)]
pub(in crate::lake) struct Entry {
    pub(in crate::lake) status: Status,
    /// The snapshot that has added it, or deleted it.
    pub(in crate::lake) snapshot_id: i64,
    pub(in crate::lake) sequence_number: i64,
    pub(in crate::lake) file_sequence_number: i64,
    pub(in crate::lake) file: DataFile,
}

/// A data file.
#[derive(Debug, Clone)]
pub(in crate::lake) struct DataFile {
    /// Its URI.
    pub(in crate::lake) path: String,
    /// Months since January 1970, where the table is partitioned by month.
    pub(in crate::lake) month: Option<i32>,
    pub(in crate::lake) rows: i64,
    pub(in crate::lake) bytes: i64,
    pub(in crate::lake) columns: Vec<ColumnStats>,
    /// Where its row groups begin.
    pub(in crate::lake) split_offsets: Vec<i64>,
}

/// What is known of a column of a file.
#[derive(Debug, Clone, Default)]
pub(in crate::lake) struct ColumnStats {
    pub(in crate::lake) id: i32,
    pub(in crate::lake) bytes: Option<i64>,
    pub(in crate::lake) values: Option<i64>,
    pub(in crate::lake) nulls: Option<i64>,
    pub(in crate::lake) lower: Option<Vec<u8>>,
    pub(in crate::lake) upper: Option<Vec<u8>>,
}

/// What a manifest says of its table.
pub(in crate::lake) struct ManifestOf<'a> {
    /// The schema of the table, and its id.
    pub(in crate::lake) schema: &'a Json,
    pub(in crate::lake) schema_id: i32,
    /// The fields of the partition spec, and its id.
    pub(in crate::lake) partition_fields: &'a Json,
    pub(in crate::lake) spec_id: i32,
    /// The name of the partition field, if there is one.
    pub(in crate::lake) partition: Option<&'a str>,
}

/// Writes a manifest.
pub(in crate::lake) fn write(of: &ManifestOf<'_>, entries: &[Entry]) -> Result<Vec<u8>> {
    let schema = schema(of.partition)?;
    let codec = Codec::Deflate(DeflateSettings::default());
    let mut writer = Writer::with_codec(&schema, Vec::new(), codec).map_err(of_avro)?;
    let facts = [
        ("schema", of.schema.to_string()),
        ("schema-id", of.schema_id.to_string()),
        ("partition-spec", of.partition_fields.to_string()),
        ("partition-spec-id", of.spec_id.to_string()),
        ("format-version", "2".to_owned()),
        ("content", "data".to_owned()),
    ];
    for (name, value) in facts {
        writer.add_user_metadata(name.to_owned(), value).map_err(of_avro)?;
    }
    for entry in entries {
        writer.append_value(value_of(entry, of.partition)).map_err(of_avro)?;
    }
    writer.into_inner().map_err(of_avro)
}

/// The files of a manifest that are live. What it does not say of them is that of the manifest.
pub(in crate::lake) fn read(
    bytes: &[u8],
    partition: Option<&str>,
    snapshot_id: i64,
    sequence_number: i64,
) -> Result<Vec<Entry>> {
    let schema = schema(partition)?;
    let reader = Reader::builder(bytes).reader_schema(&schema).build().map_err(of_avro)?;
    let mut entries = Vec::new();
    for value in reader {
        let mut fields = Fields::of(value.map_err(of_avro)?)?;
        if fields.required_long("status")? == i64::from(Status::Deleted.number()) {
            continue;
        }
        entries.push(Entry {
            status: Status::Existing,
            snapshot_id: fields.long("snapshot_id")?.unwrap_or(snapshot_id),
            sequence_number: fields.long("sequence_number")?.unwrap_or(sequence_number),
            file_sequence_number: fields.long("file_sequence_number")?.unwrap_or(sequence_number),
            file: file_of(fields.take("data_file"), partition)?,
        });
    }
    Ok(entries)
}

fn value_of(entry: &Entry, partition: Option<&str>) -> Value {
    record([
        ("status", Value::Int(entry.status.number())),
        ("snapshot_id", optional(Some(Value::Long(entry.snapshot_id)))),
        ("sequence_number", optional(Some(Value::Long(entry.sequence_number)))),
        ("file_sequence_number", optional(Some(Value::Long(entry.file_sequence_number)))),
        ("data_file", value_of_file(&entry.file, partition)),
    ])
}

fn value_of_file(file: &DataFile, partition: Option<&str>) -> Value {
    let partition = partition.map(|name| (name.to_owned(), optional(file.month.map(Value::Int))));
    let longs = |get: fn(&ColumnStats) -> Option<i64>| map(file, |one| get(one).map(Value::Long));
    let bytes = |get: fn(&ColumnStats) -> &Option<Vec<u8>>| {
        map(file, |one| get(one).clone().map(Value::Bytes))
    };
    let offsets = file.split_offsets.iter().map(|offset| Value::Long(*offset)).collect();
    record([
        ("content", Value::Int(0)),
        ("file_path", Value::String(file.path.clone())),
        ("file_format", Value::String("PARQUET".to_owned())),
        ("partition", Value::Record(partition.into_iter().collect())),
        ("record_count", Value::Long(file.rows)),
        ("file_size_in_bytes", Value::Long(file.bytes)),
        ("column_sizes", longs(|one| one.bytes)),
        ("value_counts", longs(|one| one.values)),
        ("null_value_counts", longs(|one| one.nulls)),
        ("lower_bounds", bytes(|one| &one.lower)),
        ("upper_bounds", bytes(|one| &one.upper)),
        ("split_offsets", optional(Some(Value::Array(offsets)))),
    ])
}

/// A map by the ids of columns, which in Avro is an array of pairs.
fn map(file: &DataFile, of: impl Fn(&ColumnStats) -> Option<Value>) -> Value {
    let pair = |one: &ColumnStats| Some(record([("key", Value::Int(one.id)), ("value", of(one)?)]));
    optional(Some(Value::Array(file.columns.iter().filter_map(pair).collect())))
}

fn file_of(value: Value, partition: Option<&str>) -> Result<DataFile> {
    let mut fields = Fields::of(value)?;
    let month = match partition {
        Some(name) => Fields::of(fields.take("partition"))?.int(name)?,
        None => None,
    };
    let mut columns = Columns::default();
    for item in fields.array("column_sizes")? {
        let (id, value) = pair(item)?;
        columns.of(id).bytes = long(&value);
    }
    for item in fields.array("value_counts")? {
        let (id, value) = pair(item)?;
        columns.of(id).values = long(&value);
    }
    for item in fields.array("null_value_counts")? {
        let (id, value) = pair(item)?;
        columns.of(id).nulls = long(&value);
    }
    for item in fields.array("lower_bounds")? {
        let (id, value) = pair(item)?;
        columns.of(id).lower = bytes(value);
    }
    for item in fields.array("upper_bounds")? {
        let (id, value) = pair(item)?;
        columns.of(id).upper = bytes(value);
    }
    Ok(DataFile {
        path: fields.text("file_path")?,
        month,
        rows: fields.required_long("record_count")?,
        bytes: fields.required_long("file_size_in_bytes")?,
        columns: columns.0,
        split_offsets: fields.array("split_offsets")?.iter().filter_map(long).collect(),
    })
}

#[derive(Default)]
struct Columns(Vec<ColumnStats>);

impl Columns {
    #[expect(clippy::indexing_slicing, reason = "the index is that of an element")]
    fn of(&mut self, id: i32) -> &mut ColumnStats {
        // They come in the same order in every map.
        let known = self.0.iter().position(|one| one.id == id);
        let index = known.unwrap_or_else(|| {
            self.0.push(ColumnStats { id, ..ColumnStats::default() });
            self.0.len() - 1
        });
        &mut self.0[index]
    }
}

fn pair(item: Value) -> Result<(i32, Value)> {
    let mut fields = Fields::of(item)?;
    Ok((fields.int("key")?.unwrap_or_default(), fields.take("value")))
}

fn long(value: &Value) -> Option<i64> {
    match value {
        Value::Long(value) => Some(*value),
        Value::Int(value) => Some((*value).into()),
        _ => None,
    }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

/// The schema of a manifest's entries, with the ids that the specification gives to fields.
fn schema(partition: Option<&str>) -> Result<Schema> {
    let partition: Vec<Json> = partition
        .map(|name| {
            json!({"name": name, "type": ["null", "int"], "default": null,
                   "field-id": super::partition::PARTITION_FIELD_ID})
        })
        .into_iter()
        .collect();
    let field = |id: i32, name: &str, ty: Json| json!({"name": name, "type": ty, "field-id": id});
    let optional = |id: i32, name: &str, ty: Json| json!({"name": name, "type": ["null", ty], "default": null, "field-id": id});
    let map = |id: i32, name: &str, key: i32, value: i32, ty: &str| {
        let pair = json!({"type": "record", "name": format!("k{key}_v{value}"), "fields": [
            field(key, "key", "int".into()), field(value, "value", ty.into())]});
        optional(id, name, json!({"type": "array", "items": pair}))
    };
    let offsets = json!({"type": "array", "items": "long", "element-id": 133});
    let file = json!({"type": "record", "name": "r2", "fields": [
        field(134, "content", "int".into()),
        field(100, "file_path", "string".into()),
        field(101, "file_format", "string".into()),
        field(102, "partition", json!({"type": "record", "name": "r102", "fields": partition})),
        field(103, "record_count", "long".into()),
        field(104, "file_size_in_bytes", "long".into()),
        map(108, "column_sizes", 117, 118, "long"),
        map(109, "value_counts", 119, 120, "long"),
        map(110, "null_value_counts", 121, 122, "long"),
        map(125, "lower_bounds", 126, 127, "bytes"),
        map(128, "upper_bounds", 129, 130, "bytes"),
        optional(132, "split_offsets", offsets),
    ]});
    let entry = json!({"type": "record", "name": "manifest_entry", "fields": [
        field(0, "status", "int".into()),
        optional(1, "snapshot_id", "long".into()),
        optional(3, "sequence_number", "long".into()),
        optional(4, "file_sequence_number", "long".into()),
        field(2, "data_file", file),
    ]});
    Schema::parse(&entry).and_then(with_maps).map_err(of_avro)
}

/// Says of arrays of pairs that they are maps: the parser of schemas drops what it does not
/// know of logical types.
fn with_maps(schema: Schema) -> AvroResult<Schema> {
    Ok(match schema {
        Schema::Record(mut record) => {
            for field in &mut record.fields {
                field.schema = with_maps(std::mem::replace(&mut field.schema, Schema::Null))?;
            }
            Schema::Record(record)
        }
        Schema::Union(union) => {
            let variants = union.variants().iter().cloned().map(with_maps);
            Schema::Union(UnionSchema::new(variants.collect::<AvroResult<_>>()?)?)
        }
        Schema::Array(mut array) => {
            if matches!(*array.items, Schema::Record(_)) {
                array.attributes.insert("logicalType".to_owned(), "map".into());
            }
            Schema::Array(array)
        }
        schema => schema,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let column = ColumnStats {
            id: 7,
            bytes: Some(10),
            values: Some(3),
            nulls: Some(1),
            lower: Some(vec![1, 2]),
            upper: None,
        };
        let file = DataFile {
            path: "s3://b/curated/t/data/a.parquet".to_owned(),
            month: Some(533),
            rows: 3,
            bytes: 1_000,
            columns: vec![column],
            split_offsets: vec![4],
        };
        let entry = |status| Entry {
            status,
            snapshot_id: 11,
            sequence_number: 2,
            file_sequence_number: 2,
            file: file.clone(),
        };
        let of = ManifestOf {
            schema: &json!({}),
            schema_id: 0,
            partition_fields: &json!([]),
            spec_id: 0,
            partition: Some("order_date_month"),
        };
        let entries = [entry(Status::Added), entry(Status::Deleted)];
        let bytes = write(&of, &entries).unwrap();
        let header = String::from_utf8_lossy(&bytes[..4_000.min(bytes.len())]).into_owned();
        for needed in [r#""field-id":134"#, r#""logicalType":"map""#, r#""element-id":133"#] {
            assert!(header.contains(needed), "{needed} is not in {header}");
        }
        let found = read(&bytes, of.partition, 1, 1).unwrap();
        assert_eq!(found.len(), 1, "a deleted file is not live");
        let expected = Entry { status: Status::Existing, ..entry(Status::Added) };
        assert_eq!(format!("{:?}", found[0]), format!("{expected:?}"));
        let plain = Entry { file: DataFile { month: None, ..file.clone() }, ..expected };
        let unpartitioned = ManifestOf { partition: None, ..of };
        let bytes = write(&unpartitioned, &[plain]).unwrap();
        assert_eq!(read(&bytes, None, 1, 1).unwrap()[0].file.month, None);
    }
}
