//! Writes a table: the files of its changed partitions, and the metadata of a snapshot with
//! them in place of those before. Nothing of it is seen until the catalogue names it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Months as AddMonths, NaiveDate, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::catalogue;
use super::due::Months;
use super::expire::unneeded;
use super::failure::LakeResult;
use super::file::{FileSchema, FileWriter};
use super::place::Place;
use super::tables::LakeTable;
use crate::error::{Code, Error, Result};
use crate::lake::iceberg::manifest::{self, DataFile, Entry, ManifestOf, Status};
use crate::lake::iceberg::manifest_list::{self, ListOf};
use crate::lake::iceberg::metadata::{Snapshot, TableMetadata};

/// What a snapshot is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of {
    pub(super) run: Uuid,
    pub(super) data_version: i64,
    /// Snapshots before this are not kept.
    pub(super) expire_before: DateTime<Utc>,
}

/// A table that is ready to be committed.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: &'static str,
    /// Its URI.
    pub(super) location: String,
    pub(super) old_metadata: Option<String>,
    pub(super) new_metadata: String,
    /// None for a new table without rows.
    pub(super) snapshot: Option<WrittenSnapshot>,
    /// Snapshots that it has no longer.
    pub(super) expired: Vec<i64>,
    /// Keys of objects that nothing needs once it is committed.
    pub(super) unneeded: Vec<String>,
}

/// A snapshot that is ready to be committed.
#[derive(Debug)]
pub(super) struct WrittenSnapshot {
    pub(super) id: i64,
    pub(super) rows: i64,
    pub(super) files: i64,
    pub(super) bytes: i64,
    pub(super) rows_written: i64,
    pub(super) files_added: i64,
    pub(super) files_removed: i64,
}

/// A table as it is.
struct Before {
    metadata: TableMetadata,
    entries: Vec<Entry>,
    /// Whether all of it is to be written anew.
    is_foreign: bool,
}

/// Writes a table. `connection` is in a transaction that sees the rows, and the catalogue, as
/// they were at one moment. `None` if it has no row that has changed.
pub(super) async fn write(
    connection: &mut PgConnection,
    place: &Place,
    table: &LakeTable,
    months: &Months,
    of: Of,
    stop: &CancellationToken,
) -> LakeResult<Option<Written>> {
    let old_metadata = catalogue::metadata_location(connection, table.name).await?;
    let before = match &old_metadata {
        Some(location) => before(place, location).await?,
        None => None,
    };
    let is_new = before.is_none();
    let Before { mut metadata, entries, is_foreign } = before.unwrap_or_else(|| Before {
        metadata: TableMetadata::create(&place.location(), &table.wanted(), table.month_of()),
        entries: Vec::new(),
        is_foreign: false,
    });
    let fields = metadata.evolve(&table.wanted());
    let personal = table.columns.iter().map(|column| column.is_personal).collect();
    let schema = FileSchema::new(fields, personal);
    let is_all = is_foreign || *months == Months::All;
    let partitions = partitions(connection, table, months, is_all, &entries).await?;

    let mut added = Vec::new();
    for partition in &partitions {
        if stop.is_cancelled() {
            let message = "interrupted; the next run writes the lake";
            return Err(Error::new(Code::Conflict, message).into());
        }
        added.extend(write_partition(connection, place, table, &schema, *partition).await?);
    }
    let replaced: BTreeSet<i32> = partitions.iter().flatten().map(|day| month_of(*day)).collect();
    let is_replaced =
        |entry: &Entry| is_all || entry.file.month.is_none_or(|month| replaced.contains(&month));
    let (removed, kept): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_replaced);
    if added.is_empty() && removed.is_empty() && !is_new {
        return Ok(None);
    }

    let file = |added: &[DataFile]| added.is_empty() && removed.is_empty();
    let now = metadata.time_after(Utc::now().timestamp_millis());
    let old_time = metadata.last_updated_ms();
    let mut needed = BTreeSet::new();
    let snapshot = if file(&added) {
        metadata.touch(now);
        None
    } else {
        let entries = Entries { added, removed, kept };
        Some(push_snapshot(place, &mut metadata, entries, of, now, &mut needed).await?)
    };
    let expired = metadata.expire(of.expire_before.timestamp_millis());
    let mut unneeded = unneeded(place.root(), &metadata, &expired, needed).await?;
    if let Some(old) = old_metadata.as_ref().filter(|_| !is_new) {
        let gone = metadata.follow(old, old_time);
        unneeded.extend(gone.iter().filter_map(|uri| place.root().key_of(uri)));
    }
    let number = format!("{:05}-", metadata.next_sequence_number() - 1);
    let new_metadata = place.put(&number, ".metadata.json", metadata.to_bytes()?).await?;
    Ok(Some(Written {
        name: table.name,
        location: metadata.location().to_owned(),
        old_metadata,
        new_metadata,
        snapshot,
        expired: expired.iter().map(|snapshot| snapshot.snapshot_id).collect(),
        unneeded,
    }))
}

/// The table as the catalogue names it; `None` if it is in another lake, or so different that
/// a new one takes its place.
async fn before(place: &Place, location: &str) -> Result<Option<Before>> {
    if place.root().key_of(location).is_none() {
        return Ok(None);
    }
    let bytes = place.root().get(location).await?;
    let metadata = TableMetadata::parse(&bytes, location)?;
    if metadata.is_repartitioned() || metadata.location() != place.location() {
        return Ok(None);
    }
    let (mut entries, mut is_foreign) = (Vec::new(), false);
    if let Some(snapshot) = metadata.current() {
        let list = place.root().get(&snapshot.manifest_list).await?;
        for one in manifest_list::read(&list)? {
            if one.has_deletes {
                // Rows that another program has deleted are in Postgres.
                is_foreign = true;
                continue;
            }
            let bytes = place.root().get(&one.path).await?;
            let (snapshot, sequence) = (one.snapshot_id, one.sequence_number);
            entries.extend(manifest::read(&bytes, metadata.partition(), snapshot, sequence)?);
        }
    }
    Ok(Some(Before { metadata, entries, is_foreign }))
}

/// The partitions to write: first days of months, or the only one.
async fn partitions(
    connection: &mut PgConnection,
    table: &LakeTable,
    months: &Months,
    is_all: bool,
    entries: &[Entry],
) -> LakeResult<Vec<Option<NaiveDate>>> {
    if !table.is_by_month {
        return Ok(vec![None]);
    }
    if let (Months::Some(months), false) = (months, is_all) {
        return Ok(months.iter().copied().map(Some).collect());
    }
    let found: Vec<NaiveDate> = sqlx::query_scalar(
        "SELECT DISTINCT date_trunc('month', order_date)::date FROM sales_order",
    )
    .fetch_all(connection)
    .await?;
    let mut all: BTreeSet<NaiveDate> = found.into_iter().collect();
    all.extend(entries.iter().filter_map(|entry| first_day(entry.file.month?)));
    Ok(all.into_iter().map(Some).collect())
}

async fn write_partition(
    connection: &mut PgConnection,
    place: &Place,
    table: &LakeTable,
    schema: &FileSchema,
    month: Option<NaiveDate>,
) -> LakeResult<Vec<DataFile>> {
    let (mut folder, mut end) = (String::new(), None);
    if let (Some(first), Some(column)) = (month, table.month_of()) {
        folder = format!("{column}_month={}/", first.format("%Y-%m"));
        end = Some(first.checked_add_months(AddMonths::new(1)).unwrap_or(NaiveDate::MAX));
    }
    let mut writer = FileWriter::new(place, schema, folder, month.map(month_of));
    // The text is made of names of this program.
    let mut query = sqlx::query(AssertSqlSafe(table.select()));
    if let (Some(first), Some(end)) = (month, end) {
        query = query.bind(first).bind(end);
    }
    let mut rows = query.fetch(connection);
    while let Some(row) = rows.try_next().await? {
        writer.push(&row).await?;
    }
    Ok(writer.finish().await?)
}

/// The files of a snapshot.
struct Entries {
    added: Vec<DataFile>,
    removed: Vec<Entry>,
    kept: Vec<Entry>,
}

/// Writes the manifest of a snapshot and makes it the current one. `needed` takes what it
/// refers to.
async fn push_snapshot(
    place: &Place,
    metadata: &mut TableMetadata,
    files: Entries,
    of: Of,
    now: i64,
    needed: &mut BTreeSet<String>,
) -> Result<WrittenSnapshot> {
    let id = snapshot_id();
    let sequence_number = metadata.next_sequence_number();
    let live = || files.kept.iter().map(|entry| &entry.file).chain(&files.added);
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let written = WrittenSnapshot {
        id,
        rows: live().map(|file| file.rows).sum(),
        files: count(live().count()),
        bytes: live().map(|file| file.bytes).sum(),
        rows_written: files.added.iter().map(|file| file.rows).sum(),
        files_added: count(files.added.len()),
        files_removed: count(files.removed.len()),
    };
    let summary = summary(&files, &written, of);
    needed.extend(live().map(|file| file.path.clone()));

    let Entries { added, removed, kept } = files;
    let mut entries: Vec<Entry> = added
        .into_iter()
        .map(|file| Entry {
            status: Status::Added,
            snapshot_id: id,
            sequence_number,
            file_sequence_number: sequence_number,
            file,
        })
        .collect();
    entries.extend(kept.into_iter().map(|entry| Entry { status: Status::Existing, ..entry }));
    entries.extend(removed.into_iter().map(|entry| Entry {
        status: Status::Deleted,
        snapshot_id: id,
        ..entry
    }));
    let (schema, schema_id) = metadata.schema();
    let (partition_fields, spec_id) = metadata.partition_fields();
    let partition = metadata.partition();
    let manifest = ManifestOf {
        schema: &schema,
        schema_id,
        partition_fields: &partition_fields,
        spec_id,
        partition,
    };
    let bytes = manifest::write(&manifest, &entries)?;
    let size = bytes.len();
    let path = place.put("", "-m0.avro", bytes).await?;
    let parent_id = metadata.current().map(|snapshot| snapshot.snapshot_id);
    let list = ListOf {
        path: &path,
        bytes: size,
        spec_id,
        is_partitioned: partition.is_some(),
        snapshot_id: id,
        parent_id,
        sequence_number,
    };
    let bytes = manifest_list::write(&list, &entries)?;
    let manifest_list = place.put(&format!("snap-{id}-"), ".avro", bytes).await?;
    needed.extend([path, manifest_list.clone()]);
    metadata.push(Snapshot {
        snapshot_id: id,
        parent_snapshot_id: parent_id,
        sequence_number,
        timestamp_ms: now,
        manifest_list,
        summary,
        schema_id: Some(schema_id),
    });
    Ok(written)
}

fn summary(files: &Entries, written: &WrittenSnapshot, of: Of) -> BTreeMap<String, String> {
    let operation = match (files.added.is_empty(), files.removed.is_empty()) {
        (false, true) => "append",
        (true, false) => "delete",
        _ => "overwrite",
    };
    let added_bytes: i64 = files.added.iter().map(|file| file.bytes).sum();
    let removed = || files.removed.iter().map(|entry| &entry.file);
    let months = removed().chain(&files.added).map(|file| file.month);
    let months: BTreeSet<Option<i32>> = months.collect();
    [
        ("operation", operation.to_owned()),
        ("salesgraph.data-version", of.data_version.to_string()),
        ("salesgraph.run-id", of.run.to_string()),
        ("added-data-files", written.files_added.to_string()),
        ("added-records", written.rows_written.to_string()),
        ("added-files-size", added_bytes.to_string()),
        ("deleted-data-files", written.files_removed.to_string()),
        ("deleted-records", removed().map(|file| file.rows).sum::<i64>().to_string()),
        ("removed-files-size", removed().map(|file| file.bytes).sum::<i64>().to_string()),
        ("changed-partition-count", months.len().to_string()),
        ("total-data-files", written.files.to_string()),
        ("total-records", written.rows.to_string()),
        ("total-files-size", written.bytes.to_string()),
        ("total-delete-files", "0".to_owned()),
        ("total-position-deletes", "0".to_owned()),
        ("total-equality-deletes", "0".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A random id, as the specification wants it, of 53 bits: every client of JSON keeps those.
fn snapshot_id() -> i64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    ((high ^ low) >> 11).cast_signed()
}

/// Months since January 1970.
fn month_of(day: NaiveDate) -> i32 {
    (day.year() - 1970) * 12 + i32::try_from(day.month0()).unwrap_or_default()
}

fn first_day(month: i32) -> Option<NaiveDate> {
    let month0 = u32::try_from(month.rem_euclid(12)).ok()?;
    NaiveDate::from_ymd_opt(1970 + month.div_euclid(12), month0 + 1, 1)
}

/// Before which time snapshots are not kept.
pub(super) fn expire_before(keep: std::time::Duration) -> DateTime<Utc> {
    let keep = TimeDelta::from_std(keep).unwrap_or(TimeDelta::MAX);
    Utc::now().checked_sub_signed(keep).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_from_1970() {
        for (year, month, number) in [(1970, 1, 0), (1969, 12, -1), (2014, 6, 533), (1900, 2, -839)]
        {
            let day = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
            assert_eq!(month_of(day), number);
            assert_eq!(first_day(number), Some(day));
        }
        assert!(snapshot_id() > 0);
    }
}
