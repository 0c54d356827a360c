//! Multipart uploads, from their creation to the step that makes them an object.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::sync::Arc;

use s3s::crypto::{Checksum as _, Md5};
use s3s::{S3Error, S3Result, s3_error};
use uuid::Uuid;

use super::condition::WriteCondition;
use super::digest::{Checksum, hex, unhex};
use super::disk;
use super::index::{Object, Part, UPLOAD_RECORD, Upload};
use super::record::{Moment, ObjectRecord, UploadRecord};
use super::store::Store;

/// What identifies an upload: clients send all three each time.
#[derive(Debug, Clone)]
pub(super) struct UploadPath {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) id: String,
}

/// How an upload is completed.
pub(super) struct Completion {
    pub(super) parts: Vec<Arc<Part>>,
    pub(super) checksum: Option<Checksum>,
    pub(super) condition: WriteCondition,
}

impl Store {
    pub(super) fn create_upload(&self, bucket: &str, record: UploadRecord) -> S3Result<String> {
        let _commit = self.commit();
        self.read(bucket, |_| Ok(()))?;
        let id = Uuid::new_v4().simple().to_string();
        let staged = self.layout.tmp().join(&id);
        let create = || {
            fs::create_dir(&staged)?;
            self.layout.write(&staged.join(UPLOAD_RECORD), &record)?;
            fs::rename(&staged, self.layout.upload(bucket, &id))?;
            disk::sync_dir(&self.layout.uploads(bucket))
        };
        create().map_err(S3Error::internal_error)?;
        let upload = Upload { record, parts: BTreeMap::new() };
        self.change(bucket, |bucket| bucket.uploads.insert(id.clone(), upload))?;
        Ok(id)
    }

    pub(super) fn upload<T>(
        &self,
        path: &UploadPath,
        look: impl FnOnce(&Upload) -> S3Result<T>,
    ) -> S3Result<T> {
        self.read(&path.bucket, |bucket| {
            let upload = bucket.uploads.get(&path.id);
            let upload = upload.filter(|upload| upload.record.key == path.key);
            look(upload.ok_or_else(|| s3_error!(NoSuchUpload))?)
        })
    }

    pub(super) fn put_part(&self, path: &UploadPath, part: Part) -> S3Result<()> {
        let _commit = self.commit();
        self.upload(path, |_| Ok(()))?;
        let number = part.record.number;
        let file = self.layout.upload(&path.bucket, &path.id).join(format!("{number}.json"));
        part.blob.keep();
        self.layout.write(&file, &part.record).map_err(S3Error::internal_error)?;
        let old = self.change(&path.bucket, |bucket| {
            bucket.uploads.get_mut(&path.id)?.parts.insert(number, Arc::new(part))
        })?;
        if let Some(old) = old {
            old.blob.discard();
        }
        Ok(())
    }

    pub(super) fn abort_upload(&self, path: &UploadPath) -> S3Result<()> {
        let _commit = self.commit();
        self.upload(path, |_| Ok(()))?;
        self.forget_upload(path, &[])
    }

    /// Makes the parts an object, without copying: the object names the blobs of
    /// its parts.
    pub(super) fn complete_upload(
        &self,
        path: &UploadPath,
        completion: Completion,
    ) -> S3Result<Arc<Object>> {
        let _commit = self.commit();
        let record = self.upload(path, |upload| {
            let unchanged = completion.parts.iter().all(|part| {
                let now = upload.parts.get(&part.record.number);
                now.is_some_and(|now| Arc::ptr_eq(now, part))
            });
            if unchanged { Ok(upload.record.clone()) } else { Err(s3_error!(InvalidPart)) }
        })?;
        let blobs: Vec<_> = completion.parts.iter().map(|part| Arc::clone(&part.blob)).collect();
        let object = ObjectRecord {
            key: path.key.clone(),
            etag: multipart_etag(&completion.parts),
            modified: Moment::now(),
            headers: record.headers,
            checksum: completion.checksum,
            upload_id: Some(path.id.clone()),
            segments: blobs.iter().map(|blob| blob.record()).collect(),
        };
        let object = Object { record: object, blobs };
        let object = self.replace(&path.bucket, object, &completion.condition)?;
        // The object exists; what is left of the upload is removed now or at the
        // next start.
        if let Err(error) = self.forget_upload(path, &completion.parts) {
            tracing::warn!(%error, "the remains of a completed upload could not be removed");
        }
        Ok(object)
    }

    fn forget_upload(&self, path: &UploadPath, used: &[Arc<Part>]) -> S3Result<()> {
        let dir = self.layout.upload(&path.bucket, &path.id);
        self.layout.remove_dir(&dir).map_err(S3Error::internal_error)?;
        let upload = self.change(&path.bucket, |bucket| bucket.uploads.remove(&path.id))?;
        let used: HashSet<i32> = used.iter().map(|part| part.record.number).collect();
        for part in upload.iter().flat_map(|upload| upload.parts.values()) {
            if !used.contains(&part.record.number) {
                part.blob.discard();
            }
        }
        Ok(())
    }
}

/// The MD5 over the MD5s of the parts, and their number.
fn multipart_etag(parts: &[Arc<Part>]) -> String {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(&unhex(&part.record.etag).unwrap_or_default());
    }
    format!("{}-{}", hex(md5.finalize().as_ref()), parts.len())
}
