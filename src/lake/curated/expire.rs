//! Objects that were needed by expired snapshots only.

use std::collections::BTreeSet;

use super::place::Root;
use crate::error::Result;
use crate::lake::iceberg::manifest;
use crate::lake::iceberg::manifest_list;
use crate::lake::iceberg::metadata::{Snapshot, TableMetadata};

/// The keys of objects that the expired snapshots refer to and the others do not. `needed` is
/// what the newest one refers to, which cannot be read yet.
pub(super) async fn unneeded(
    root: &Root,
    metadata: &TableMetadata,
    expired: &[Snapshot],
    mut needed: BTreeSet<String>,
) -> Result<Vec<String>> {
    if expired.is_empty() {
        return Ok(Vec::new());
    }
    for snapshot in metadata.snapshots() {
        if !needed.contains(&snapshot.manifest_list) {
            needed.append(&mut files_of(root, metadata, snapshot).await?);
        }
    }
    let mut unneeded = BTreeSet::new();
    for snapshot in expired {
        let files = files_of(root, metadata, snapshot).await?;
        unneeded.extend(files.into_iter().filter(|uri| !needed.contains(uri)));
    }
    Ok(unneeded.iter().filter_map(|uri| root.key_of(uri)).collect())
}

/// All objects that a snapshot refers to.
async fn files_of(
    root: &Root,
    metadata: &TableMetadata,
    snapshot: &Snapshot,
) -> Result<BTreeSet<String>> {
    let mut files = BTreeSet::from([snapshot.manifest_list.clone()]);
    for one in manifest_list::read(&root.get(&snapshot.manifest_list).await?)? {
        let bytes = root.get(&one.path).await?;
        let partition = metadata.partition();
        let entries = manifest::read(&bytes, partition, one.snapshot_id, one.sequence_number)?;
        files.extend(entries.into_iter().map(|entry| entry.file.path));
        files.insert(one.path);
    }
    Ok(files)
}
