//! Buckets and objects: an index in memory over records on disk.
//!
//! Every change writes its record first, under one lock, and the index after;
//! so conditions are decided on what is really there, and what the index shows
//! is durable.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use s3s::{S3Error, S3Result, s3_error};

use super::blob::Blob;
use super::condition::WriteCondition;
use super::disk::{self, Layout};
use super::record::{BucketRecord, Moment, ObjectRecord};
use super::upload::Upload;
use crate::error::{Code, Error, Result};

/// The content of one root folder.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) layout: Layout,
    pub(super) buckets: RwLock<BTreeMap<String, Bucket>>,
    commit: Mutex<()>,
    /// Held as long as the store lives: two stores on one folder would sweep
    /// each other's blobs.
    _owner: File,
}

#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) record: BucketRecord,
    pub(super) objects: BTreeMap<String, Arc<Object>>,
    pub(super) uploads: BTreeMap<String, Upload>,
}

/// An object and its content, in the order of the bytes.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) record: ObjectRecord,
    pub(super) blobs: Vec<Arc<Blob>>,
}

impl Object {
    pub(super) fn size(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.size()).sum()
    }

    /// Whether it was assembled from parts, which its ETag tells.
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

impl Store {
    /// Opens the store below `root`, finishing what a crash interrupted.
    pub(super) fn open(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).map_err(|error| unusable(root, error))?;
        let owner = own(root)?;
        Self::load(root, owner).map_err(|error| unusable(root, error))
    }

    fn load(root: &Path, owner: File) -> io::Result<Self> {
        let layout = Layout::create(root)?;
        let mut buckets = BTreeMap::new();
        for path in disk::entries(&layout.buckets())? {
            let name = disk::name(&path).to_owned();
            buckets.insert(name.clone(), Bucket::load(&layout, &name)?);
        }
        sweep(&layout, &buckets)?;
        Ok(Self { layout, buckets: RwLock::new(buckets), commit: Mutex::new(()), _owner: owner })
    }

    /// The right to change records, one holder at a time.
    pub(super) fn commit(&self) -> MutexGuard<'_, ()> {
        self.commit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read<T>(
        &self,
        bucket: &str,
        look: impl FnOnce(&Bucket) -> S3Result<T>,
    ) -> S3Result<T> {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        look(buckets.get(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?)
    }

    /// Changes the index; only to be called by the holder of [`Store::commit`].
    pub(super) fn change<T>(
        &self,
        bucket: &str,
        apply: impl FnOnce(&mut Bucket) -> T,
    ) -> S3Result<T> {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        Ok(apply(buckets.get_mut(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?))
    }

    pub(super) fn create_bucket(&self, name: &str) -> S3Result<()> {
        let _commit = self.commit();
        if self.read(name, |_| Ok(())).is_ok() {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        let bucket = Bucket {
            record: BucketRecord { created: Moment::now() },
            objects: BTreeMap::new(),
            uploads: BTreeMap::new(),
        };
        bucket.create(&self.layout, name).map_err(S3Error::internal_error)?;
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        buckets.insert(name.to_owned(), bucket);
        Ok(())
    }

    pub(super) fn delete_bucket(&self, name: &str) -> S3Result<()> {
        let _commit = self.commit();
        let empty = self.read(name, |bucket| Ok(bucket.objects.is_empty()))?;
        if !empty {
            return Err(s3_error!(BucketNotEmpty));
        }
        self.layout.remove_dir(&self.layout.bucket(name)).map_err(S3Error::internal_error)?;
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.remove(name) {
            bucket.uploads.values().for_each(Upload::discard);
        }
        Ok(())
    }

    pub(super) fn list_buckets(&self) -> Vec<(String, Moment)> {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        buckets.iter().map(|(name, bucket)| (name.clone(), bucket.record.created)).collect()
    }

    pub(super) fn object(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        self.read(bucket, |bucket| {
            bucket.objects.get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey))
        })
    }

    /// Puts an object in the place of what is there, if that meets the condition.
    pub(super) fn put(
        &self,
        bucket: &str,
        object: Object,
        condition: &WriteCondition,
    ) -> S3Result<Arc<Object>> {
        let _commit = self.commit();
        self.replace(bucket, object, condition)
    }

    /// [`Store::put`] for the holder of [`Store::commit`].
    pub(super) fn replace(
        &self,
        bucket: &str,
        object: Object,
        condition: &WriteCondition,
    ) -> S3Result<Arc<Object>> {
        let key = object.record.key.clone();
        self.read(bucket, |bucket| {
            condition.check(bucket.objects.get(&key).map(|object| &object.record))
        })?;
        let path = self.layout.object(bucket, &key);
        // From here on a record may name the blobs even when the write reports
        // an error; the sweep at the next start removes them if none does.
        object.keep();
        self.layout.write(&path, &object.record).map_err(S3Error::internal_error)?;
        let object = Arc::new(object);
        let old = self.change(bucket, |bucket| bucket.objects.insert(key, Arc::clone(&object)))?;
        if let Some(old) = old {
            old.discard();
        }
        Ok(object)
    }

    /// Removes an object; one that is not there is removed already.
    pub(super) fn delete(
        &self,
        bucket: &str,
        key: &str,
        condition: &WriteCondition,
    ) -> S3Result<()> {
        let _commit = self.commit();
        let present = self.read(bucket, |bucket| {
            let object = bucket.objects.get(key).map(|object| &object.record);
            condition.check(object)?;
            Ok(object.is_some())
        })?;
        if !present {
            return Ok(());
        }
        disk::remove(&self.layout.object(bucket, key)).map_err(S3Error::internal_error)?;
        if let Some(old) = self.change(bucket, |bucket| bucket.objects.remove(key))? {
            old.discard();
        }
        Ok(())
    }
}

impl Bucket {
    /// Makes the folders beside and moves them into place as a whole, so that
    /// a bucket on disk is always complete.
    fn create(&self, layout: &Layout, name: &str) -> io::Result<()> {
        let staged = layout.tmp().join(name);
        fs::create_dir_all(staged.join("objects"))?;
        fs::create_dir_all(staged.join("uploads"))?;
        layout.write(&staged.join("bucket.json"), &self.record)?;
        fs::rename(&staged, layout.bucket(name))?;
        disk::sync_dir(&layout.buckets())
    }

    fn load(layout: &Layout, name: &str) -> io::Result<Self> {
        let record = disk::read(&layout.bucket(name).join("bucket.json"))?;
        let mut objects = BTreeMap::new();
        for path in disk::entries(&layout.objects(name))? {
            let record: ObjectRecord = disk::read(&path)?;
            let blobs =
                record.segments.iter().map(|segment| Blob::existing(layout, segment)).collect();
            objects.insert(record.key.clone(), Arc::new(Object { record, blobs }));
        }
        let finished: HashSet<&str> =
            objects.values().filter_map(|object| object.record.upload_id.as_deref()).collect();
        let mut uploads = BTreeMap::new();
        for path in disk::entries(&layout.uploads(name))? {
            let id = disk::name(&path).to_owned();
            if finished.contains(id.as_str()) {
                layout.remove_dir(&path)?;
            } else {
                uploads.insert(id, Upload::load(layout, &path)?);
            }
        }
        Ok(Self { record, objects, uploads })
    }

    fn blobs(&self) -> impl Iterator<Item = &Arc<Blob>> {
        let objects = self.objects.values().flat_map(|object| &object.blobs);
        objects.chain(self.uploads.values().flat_map(Upload::blobs))
    }
}

/// Removes the blobs that no record names: uploads that did not come to their
/// end and content that was replaced just before a crash.
fn sweep(layout: &Layout, buckets: &BTreeMap<String, Bucket>) -> io::Result<()> {
    let named: HashSet<String> =
        buckets.values().flat_map(Bucket::blobs).map(|blob| blob.record().blob).collect();
    for path in disk::entries(&layout.blobs())? {
        if !named.contains(disk::name(&path)) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn own(root: &Path) -> Result<File> {
    let file = File::create(root.join("lock")).map_err(|error| unusable(root, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            Code::Conflict,
            format!(
                "the S3 folder {} is in use by another process: stop that one, or take another folder",
                root.display()
            ),
        )),
        Err(TryLockError::Error(error)) => Err(unusable(root, error)),
    }
}

fn unusable(root: &Path, error: io::Error) -> Error {
    Error::new(Code::Config, format!("the S3 folder {} cannot be used", root.display()))
        .with_source(error)
}
