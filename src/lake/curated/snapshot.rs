//! Makes a snapshot of the files that were written, and the metadata of a table with it. Nothing
//! of it is seen until the catalogue names it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::due::Months;
use super::expire::unneeded;
use super::place::Place;
use crate::error::Result;
use crate::lake::iceberg::change;
use crate::lake::iceberg::manifest::{self, DataFile, Entry, ManifestOf, Status};
use crate::lake::iceberg::manifest_list::{self, ListOf};
use crate::lake::iceberg::metadata::{Snapshot, TableMetadata};
use crate::lake::rest::Change;

/// Where the summary of a snapshot says of which attempt it is.
pub(super) const ATTEMPT: &str = "salesgraph.attempt-id";

/// What a snapshot is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of {
    pub(super) run: Uuid,
    pub(super) attempt: Uuid,
    pub(super) data_version: i64,
    /// Snapshots that were replaced before this are not kept.
    pub(super) expire_before: DateTime<Utc>,
}

/// A table that is ready to be committed.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: &'static str,
    /// Its URI.
    pub(super) location: String,
    pub(super) months: Months,
    pub(super) publish: Publish,
    /// None for a new table without rows, and where snapshots have expired only.
    pub(super) snapshot: Option<WrittenSnapshot>,
    /// All snapshots that it has.
    pub(super) snapshots: Vec<i64>,
    /// The snapshots that have expired.
    pub(super) expired: Vec<i64>,
    /// Objects that nothing needs once it is committed, as `Root::removal` calls them.
    pub(super) unneeded: Vec<String>,
}

/// How a table is made current.
#[derive(Debug)]
pub(super) enum Publish {
    /// The catalogue in Postgres names new metadata in the place of the old ones.
    Metadata { old: Option<String>, new: String },
    /// A catalogue of its own makes a change; none where Postgres alone lags behind.
    Change(Option<Change>),
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

/// A table whose files are written.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) months: Months,
    pub(super) origin: Origin,
    pub(super) metadata: TableMetadata,
    /// Whether it takes the place of what the catalogue names, or the catalogue names none.
    pub(super) is_new: bool,
    pub(super) entries: Entries,
    /// The snapshots that Postgres tells of.
    pub(super) known: Vec<i64>,
}

/// Where a table comes from.
#[derive(Debug)]
pub(super) enum Origin {
    /// The catalogue in Postgres names these metadata, or none.
    Sql(Option<String>),
    /// A catalogue of its own has these.
    Rest(Box<TableMetadata>),
    /// Likewise, and its service removes snapshots and files.
    Managed(Box<TableMetadata>),
}

/// Writes what makes a table readable. `None` if it stays as it is. It needs no row: the
/// transaction that has read them may be over.
pub(super) async fn finish(changed: Changed, of: Of) -> Result<Option<Written>> {
    let Changed { name, place, months, origin, mut metadata, is_new, entries, known } = changed;
    let before_ms = match origin {
        Origin::Managed(_) => i64::MIN,
        Origin::Sql(_) | Origin::Rest(_) => of.expire_before.timestamp_millis(),
    };
    let now = metadata.time_after(Utc::now().timestamp_millis());
    let old_time = metadata.last_updated_ms();
    let mut needed = BTreeSet::new();
    let is_same = entries.added.is_empty() && entries.removed.is_empty();
    let snapshot = if is_same {
        None
    } else {
        Some(push_snapshot(&place, &mut metadata, entries, of, now, &mut needed).await?)
    };
    let is_line = metadata.is_line();
    let expired = metadata.expire(before_ms);
    let snapshots: Vec<i64> = metadata.snapshots().iter().map(|one| one.snapshot_id).collect();
    if is_same {
        let is_known = known.iter().all(|id| snapshots.contains(id));
        if !is_new && expired.is_empty() && is_known {
            return Ok(None);
        }
        metadata.touch(now);
    }
    let mut unneeded = unneeded(place.root(), &metadata, &expired, is_line, needed).await?;
    let publish = match origin {
        Origin::Sql(old) => {
            if let Some(old) = old.as_ref().filter(|_| !is_new) {
                let gone = metadata.follow(old, old_time, before_ms);
                unneeded.extend(gone.iter().filter_map(|uri| place.root().removal(uri)));
            }
            let number = format!("{:05}-", metadata.next_sequence_number() - 1);
            let new = place.put(&number, ".metadata.json", metadata.to_bytes()?).await?;
            Publish::Metadata { old, new }
        }
        // The catalogue writes the metadata, and removes them.
        Origin::Rest(old) | Origin::Managed(old) => {
            let change = change::between(&old, &metadata);
            Publish::Change(change.map(|(requirements, updates)| Change { requirements, updates }))
        }
    };
    let location = metadata.location().to_owned();
    let expired = expired.iter().map(|one| one.snapshot_id).collect();
    Ok(Some(Written { name, location, months, publish, snapshot, snapshots, expired, unneeded }))
}

/// The files of a snapshot: those that are new, that are gone, and that stay.
#[derive(Debug)]
pub(super) struct Entries {
    pub(super) added: Vec<DataFile>,
    pub(super) removed: Vec<Entry>,
    pub(super) kept: Vec<Entry>,
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
        (ATTEMPT, of.attempt.to_string()),
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

/// Before which time snapshots are not kept: one that Postgres knows too.
pub(super) fn expire_before(keep: std::time::Duration) -> DateTime<Utc> {
    let keep = TimeDelta::from_std(keep).unwrap_or(TimeDelta::MAX);
    let before = Utc::now().checked_sub_signed(keep).unwrap_or(DateTime::UNIX_EPOCH);
    before.max(DateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_positive_and_times_known_to_postgres() {
        assert!(snapshot_id() > 0);
        assert_eq!(expire_before(std::time::Duration::MAX), DateTime::UNIX_EPOCH);
    }
}
