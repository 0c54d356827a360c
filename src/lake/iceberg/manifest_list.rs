//! Lists of manifests: the manifests of a snapshot.

use std::sync::LazyLock;

use apache_avro::types::Value;
use apache_avro::{Codec, DeflateSettings, Reader, Schema, Writer};
use serde_json::{Value as Json, json};

use super::manifest::{Entry, Status};
use super::values::{Fields, broken, of_avro, optional, record};
use crate::error::Result;

/// A manifest in the list of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lake) struct Manifest {
    /// Its URI.
    pub(in crate::lake) path: String,
    /// Whether it lists files that delete rows of others.
    pub(in crate::lake) has_deletes: bool,
    /// As what files of it are partitioned.
    pub(in crate::lake) spec_id: i64,
    pub(in crate::lake) sequence_number: i64,
    pub(in crate::lake) snapshot_id: i64,
}

/// What the list of a snapshot says beside its manifest.
pub(in crate::lake) struct ListOf<'a> {
    pub(in crate::lake) path: &'a str,
    pub(in crate::lake) bytes: usize,
    pub(in crate::lake) spec_id: i32,
    pub(in crate::lake) is_partitioned: bool,
    pub(in crate::lake) snapshot_id: i64,
    pub(in crate::lake) parent_id: Option<i64>,
    pub(in crate::lake) sequence_number: i64,
}

/// Writes the list of a snapshot that has one manifest.
pub(in crate::lake) fn write(of: &ListOf<'_>, entries: &[Entry]) -> Result<Vec<u8>> {
    let schema = PARSED.as_ref().map_err(|error| broken(error))?;
    // Always a codec: PyIceberg 0.12 cannot read a file that names none.
    let codec = Codec::Deflate(DeflateSettings::default());
    let mut writer = Writer::with_codec(schema, Vec::new(), codec).map_err(of_avro)?;
    let parent = of.parent_id.map_or("null".to_owned(), |id| id.to_string());
    let facts = [
        ("snapshot-id", of.snapshot_id.to_string()),
        ("parent-snapshot-id", parent),
        ("sequence-number", of.sequence_number.to_string()),
        ("format-version", "2".to_owned()),
    ];
    for (name, value) in facts {
        writer.add_user_metadata(name.to_owned(), value).map_err(of_avro)?;
    }
    if !entries.is_empty() {
        writer.append_value(value_of(of, entries)).map_err(of_avro)?;
    }
    writer.into_inner().map_err(of_avro)
}

fn value_of(of: &ListOf<'_>, entries: &[Entry]) -> Value {
    let with = |status| entries.iter().filter(move |entry| entry.status == status);
    let files = |status| Value::Int(i32::try_from(with(status).count()).unwrap_or(i32::MAX));
    let rows = |status| Value::Long(with(status).map(|entry| entry.file.rows).sum());
    let live = entries.iter().filter(|entry| entry.status != Status::Deleted);
    let oldest = live.map(|entry| entry.sequence_number).min().unwrap_or(of.sequence_number);
    let months = || entries.iter().filter_map(|entry| entry.file.month);
    let bound = |month: Option<i32>| {
        optional(month.map(|month| Value::Bytes(month.to_le_bytes().to_vec())))
    };
    let partition = record([
        ("contains_null", Value::Boolean(entries.iter().any(|entry| entry.file.month.is_none()))),
        ("contains_nan", optional(Some(Value::Boolean(false)))),
        ("lower_bound", bound(months().min())),
        ("upper_bound", bound(months().max())),
    ]);
    let partitions = if of.is_partitioned { vec![partition] } else { Vec::new() };
    record([
        ("manifest_path", Value::String(of.path.to_owned())),
        ("manifest_length", Value::Long(i64::try_from(of.bytes).unwrap_or(i64::MAX))),
        ("partition_spec_id", Value::Int(of.spec_id)),
        ("content", Value::Int(0)),
        ("sequence_number", Value::Long(of.sequence_number)),
        ("min_sequence_number", Value::Long(oldest)),
        ("added_snapshot_id", Value::Long(of.snapshot_id)),
        ("added_files_count", files(Status::Added)),
        ("existing_files_count", files(Status::Existing)),
        ("deleted_files_count", files(Status::Deleted)),
        ("added_rows_count", rows(Status::Added)),
        ("existing_rows_count", rows(Status::Existing)),
        ("deleted_rows_count", rows(Status::Deleted)),
        ("partitions", optional(Some(Value::Array(partitions)))),
    ])
}

/// The manifests of a list.
pub(in crate::lake) fn read(bytes: &[u8]) -> Result<Vec<Manifest>> {
    let schema = PARSED.as_ref().map_err(|error| broken(error))?;
    let reader = Reader::builder(bytes).reader_schema(schema).build().map_err(of_avro)?;
    let manifest = |value: apache_avro::AvroResult<Value>| {
        let mut fields = Fields::of(value.map_err(of_avro)?)?;
        Ok(Manifest {
            path: fields.text("manifest_path")?,
            has_deletes: fields.required_long("content")? != 0,
            spec_id: fields.required_long("partition_spec_id")?,
            sequence_number: fields.required_long("sequence_number")?,
            snapshot_id: fields.required_long("added_snapshot_id")?,
        })
    };
    reader.map(manifest).collect()
}

static PARSED: LazyLock<Result<Schema, String>> =
    LazyLock::new(|| Schema::parse(&schema()).map_err(|error| error.to_string()));

/// The schema of a list, with the ids that the specification gives to fields.
fn schema() -> Json {
    let field = |id: i32, name: &str, ty: Json| json!({"name": name, "type": ty, "field-id": id});
    let optional = |id: i32, name: &str, ty: Json| json!({"name": name, "type": ["null", ty], "default": null, "field-id": id});
    let partition = json!({"type": "record", "name": "r508", "fields": [
        field(509, "contains_null", "boolean".into()),
        optional(518, "contains_nan", "boolean".into()),
        optional(510, "lower_bound", "bytes".into()),
        optional(511, "upper_bound", "bytes".into()),
    ]});
    let partitions = json!({"type": "array", "items": partition, "element-id": 508});
    json!({"type": "record", "name": "manifest_file", "fields": [
        field(500, "manifest_path", "string".into()),
        field(501, "manifest_length", "long".into()),
        field(502, "partition_spec_id", "int".into()),
        field(517, "content", "int".into()),
        field(515, "sequence_number", "long".into()),
        field(516, "min_sequence_number", "long".into()),
        field(503, "added_snapshot_id", "long".into()),
        field(504, "added_files_count", "int".into()),
        field(505, "existing_files_count", "int".into()),
        field(506, "deleted_files_count", "int".into()),
        field(512, "added_rows_count", "long".into()),
        field(513, "existing_rows_count", "long".into()),
        field(514, "deleted_rows_count", "long".into()),
        optional(507, "partitions", partitions),
    ]})
}
