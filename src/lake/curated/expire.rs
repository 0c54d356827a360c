//! Objects that were needed by expired snapshots only.

use std::collections::BTreeSet;

use super::place::Root;
use crate::error::{Code, Result};
use crate::lake::iceberg::manifest;
use crate::lake::iceberg::manifest_list;
use crate::lake::iceberg::metadata::{Snapshot, TableMetadata};

/// The objects, as [`Root::removal`] calls them, that the expired snapshots refer to and the
/// others do not. `needed` is what the newest one refers to, where it has just been written. If
/// the snapshots were a line, the oldest that is kept has all that any expired one shares with a
/// later one.
pub(super) async fn unneeded(
    root: &Root,
    metadata: &TableMetadata,
    expired: &[Snapshot],
    is_line: bool,
    mut needed: BTreeSet<String>,
) -> Result<Vec<String>> {
    if expired.is_empty() {
        return Ok(Vec::new());
    }
    let mut is_whole = false;
    if let Some(oldest) = metadata.snapshots().first().filter(|_| is_line) {
        is_whole = add_files(root, metadata, oldest, &mut needed).await?;
    }
    if !is_whole {
        for snapshot in metadata.snapshots() {
            add_files(root, metadata, snapshot, &mut needed).await?;
        }
    }
    let mut files = BTreeSet::new();
    for snapshot in expired {
        add_files(root, metadata, snapshot, &mut files).await?;
    }
    let unneeded = files.difference(&needed);
    Ok(unneeded.filter_map(|uri| root.removal(uri)).collect())
}

/// The keys of all objects that any snapshot refers to; `None` if something is missing or cannot
/// be read, so that they cannot be told.
pub(super) async fn needed(
    root: &Root,
    metadata: &TableMetadata,
) -> Result<Option<BTreeSet<String>>> {
    let mut files = BTreeSet::new();
    for snapshot in metadata.snapshots() {
        match add_files(root, metadata, snapshot, &mut files).await {
            Ok(true) => {}
            Err(error) if error.code() == Code::Unavailable => return Err(error),
            Ok(false) | Err(_) => return Ok(None),
        }
    }
    Ok(Some(files.iter().filter_map(|uri| root.key_of(uri)).collect()))
}

/// Adds all objects that a snapshot refers to, unless its list is among them, which is added
/// with the others. What is missing cannot be followed: false then, and no reader can either.
async fn add_files(
    root: &Root,
    metadata: &TableMetadata,
    snapshot: &Snapshot,
    files: &mut BTreeSet<String>,
) -> Result<bool> {
    if !files.insert(snapshot.manifest_list.clone()) {
        return Ok(true);
    }
    let Some(list) = root.find(&snapshot.manifest_list).await? else { return Ok(false) };
    let mut is_whole = true;
    for one in manifest_list::read(&list)? {
        match root.find(&one.path).await? {
            Some(bytes) => {
                let (id, sequence) = (one.snapshot_id, one.sequence_number);
                let entries = manifest::read(&bytes, metadata.partition(), id, sequence)?;
                files.extend(entries.into_iter().map(|entry| entry.file.path));
            }
            None => is_whole = false,
        }
        files.insert(one.path);
    }
    Ok(is_whole)
}
