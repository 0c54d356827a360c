//! Where the objects of a table are, and what they are called.

use std::sync::atomic::{AtomicU32, Ordering};

use uuid::Uuid;

use crate::error::Result;
use crate::storage::Bucket;

/// Most bytes of a metadata file, a manifest or a list of them.
const MOST: usize = 64 << 20;

/// Where curated tables are; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Root {
    bucket: Bucket,
    /// `s3://bucket/`.
    bucket_uri: String,
    /// The key below which all tables are, with a slash.
    prefix: String,
}

/// Where an attempt writes the objects of a table.
#[derive(Debug)]
pub(super) struct Place {
    root: Root,
    table: &'static str,
    attempt: Uuid,
    files: AtomicU32,
}

impl Root {
    /// That of a lake below a prefix, which ends with a slash or is empty.
    pub(super) fn new(bucket: Bucket, name: &str, prefix: &str) -> Self {
        let bucket_uri = format!("s3://{name}/");
        Self { bucket, bucket_uri, prefix: format!("{prefix}curated/") }
    }

    /// Its URI, with a slash at its end.
    pub(super) fn uri(&self) -> String {
        format!("{}{}", self.bucket_uri, self.prefix)
    }

    /// The key below which a table is, with a slash.
    pub(super) fn folder(&self, table: &str) -> String {
        format!("{}{table}/", self.prefix)
    }

    pub(super) const fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// The key of an object below this root.
    pub(super) fn key_of(&self, uri: &str) -> Option<String> {
        let key = uri.strip_prefix(&self.bucket_uri)?;
        key.starts_with(&self.prefix).then(|| key.to_owned())
    }

    /// The bytes of an object that metadata name; none if there is none below this root.
    pub(super) async fn find(&self, uri: &str) -> Result<Option<Vec<u8>>> {
        match self.key_of(uri) {
            Some(key) => self.bucket.get_bytes(&key, MOST).await,
            None => Ok(None),
        }
    }
}

impl Place {
    pub(super) fn new(root: &Root, table: &'static str, attempt: Uuid) -> Self {
        Self { root: root.clone(), table, attempt, files: AtomicU32::new(0) }
    }

    /// The URI of the table.
    pub(super) fn location(&self) -> String {
        format!("{}{}", self.root.uri(), self.table)
    }

    pub(super) const fn bucket(&self) -> &Bucket {
        &self.root.bucket
    }

    pub(super) const fn root(&self) -> &Root {
        &self.root
    }

    pub(super) fn uri(&self, key: &str) -> String {
        format!("{}{key}", self.root.bucket_uri)
    }

    /// The key of the next data file.
    pub(super) fn data_key(&self, folder: &str) -> String {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let table = self.root.folder(self.table);
        format!("{table}data/{folder}{}-{number:05}.parquet", self.attempt)
    }

    /// Puts an object that describes the table, and tells its URI. `before` and `after` are
    /// put around the attempt in its name.
    pub(super) async fn put(&self, before: &str, after: &str, bytes: Vec<u8>) -> Result<String> {
        let table = self.root.folder(self.table);
        let key = format!("{table}metadata/{before}{}{after}", self.attempt);
        self.bucket().put_bytes(&key, bytes).await?;
        Ok(self.uri(&key))
    }
}
