//! Buckets and objects: the index in memory over the records on disk.
//!
//! Every change holds one lock, writes its record first and the index after: a
//! condition is checked against the current object, and what the index shows is
//! durable.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use s3s::{S3Error, S3Result, s3_error};

use super::condition::WriteCondition;
use super::disk::{self, Layout};
use super::index::{Bucket, Object, sweep};
use crate::embedded::private;
use crate::error::{Code, Error, Result};

/// The content of one root folder.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) layout: Layout,
    buckets: RwLock<BTreeMap<String, Bucket>>,
    commit: Mutex<()>,
    /// Held as long as the store lives: two stores on one folder would sweep
    /// each other's blobs.
    _lock: File,
}

impl Store {
    /// Opens the store below `root` and recovers from a crash.
    pub(super) fn open(root: &Path) -> Result<Self> {
        private::dir(root).map_err(|error| unusable(root, error))?;
        let lock = lock(root)?;
        Self::load(root, lock).map_err(|error| unusable(root, error))
    }

    fn load(root: &Path, lock: File) -> io::Result<Self> {
        let layout = Layout::create(root)?;
        let mut buckets = BTreeMap::new();
        for path in disk::entries(&layout.buckets())? {
            let name = disk::name(&path).to_owned();
            buckets.insert(name.clone(), Bucket::load(&layout, &name)?);
        }
        sweep(&layout, &buckets)?;
        Ok(Self { layout, buckets: RwLock::new(buckets), commit: Mutex::new(()), _lock: lock })
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

    /// Changes the index; the caller must hold [`Store::commit`].
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
        self.layout.create_bucket(name).map_err(S3Error::internal_error)?;
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        buckets.insert(name.to_owned(), Bucket::default());
        Ok(())
    }

    pub(super) fn object(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        self.read(bucket, |bucket| {
            bucket.objects.get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey))
        })
    }

    /// Creates or replaces an object, if the current one meets the condition.
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

    /// Removes an object; one that does not exist counts as removed.
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

fn lock(root: &Path) -> Result<File> {
    let file = private::file(&root.join("lock")).map_err(|error| unusable(root, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            Code::Conflict,
            format!(
                "the S3 folder {} is in use by another process: stop it, or choose another folder",
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
