//! The index in memory: the buckets, objects and open uploads that the records
//! on disk describe.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::blob::Blob;
use super::disk::{self, Layout};
use super::record::{ObjectRecord, PartRecord, UploadRecord};

/// The file of an upload's own record, beside those of its parts.
pub(super) const UPLOAD_RECORD: &str = "upload.json";

#[derive(Debug, Default)]
pub(super) struct Bucket {
    pub(super) objects: BTreeMap<String, Arc<Object>>,
    pub(super) uploads: BTreeMap<String, Upload>,
}

/// An object and its content, in the order of the bytes.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) record: ObjectRecord,
    pub(super) blobs: Vec<Arc<Blob>>,
}

/// An open multipart upload.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) record: UploadRecord,
    pub(super) parts: BTreeMap<i32, Arc<Part>>,
}

/// A part and its content.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) record: PartRecord,
    pub(super) blob: Arc<Blob>,
}

impl Bucket {
    pub(super) fn load(layout: &Layout, name: &str) -> io::Result<Self> {
        let mut objects = BTreeMap::new();
        for path in disk::entries(&layout.objects(name))? {
            let record: ObjectRecord = disk::read(&path)?;
            let blobs =
                record.segments.iter().map(|segment| Blob::existing(layout, segment)).collect();
            objects.insert(record.key.clone(), Arc::new(Object { record, blobs }));
        }
        let completed: HashSet<&str> =
            objects.values().filter_map(|object| object.record.upload_id.as_deref()).collect();
        let mut uploads = BTreeMap::new();
        for path in disk::entries(&layout.uploads(name))? {
            let id = disk::name(&path).to_owned();
            if completed.contains(id.as_str()) {
                layout.remove_dir(&path)?;
            } else {
                uploads.insert(id, Upload::load(layout, &path)?);
            }
        }
        Ok(Self { objects, uploads })
    }

    pub(super) fn blobs(&self) -> impl Iterator<Item = &Arc<Blob>> {
        let parts = self.uploads.values().flat_map(|upload| upload.parts.values());
        let objects = self.objects.values().flat_map(|object| &object.blobs);
        objects.chain(parts.map(|part| &part.blob))
    }
}

impl Object {
    pub(super) fn size(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.size()).sum()
    }

    /// Whether it was assembled from parts, which its ETag shows.
    pub(super) fn is_multipart(&self) -> bool {
        self.record.upload_id.is_some()
    }

    pub(super) fn keep(&self) {
        self.blobs.iter().for_each(|blob| blob.keep());
    }

    pub(super) fn discard(&self) {
        self.blobs.iter().for_each(|blob| blob.discard());
    }
}

impl Upload {
    fn load(layout: &Layout, dir: &Path) -> io::Result<Self> {
        let record = disk::read(&dir.join(UPLOAD_RECORD))?;
        let mut parts = BTreeMap::new();
        for path in disk::entries(dir)? {
            if disk::name(&path) != UPLOAD_RECORD {
                let record: PartRecord = disk::read(&path)?;
                let blob = Blob::existing(layout, &record.segment);
                parts.insert(record.number, Arc::new(Part { record, blob }));
            }
        }
        Ok(Self { record, parts })
    }
}

/// Removes the blobs that no record names: uploads that were interrupted, and
/// content that was replaced just before a crash.
pub(super) fn sweep(layout: &Layout, buckets: &BTreeMap<String, Bucket>) -> io::Result<()> {
    let named: HashSet<String> =
        buckets.values().flat_map(Bucket::blobs).map(|blob| blob.record().blob).collect();
    for path in disk::entries(&layout.blobs())? {
        if !named.contains(disk::name(&path)) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
