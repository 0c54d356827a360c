//! Where the objects of a table are, and what they are called.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::storage::{Bucket, S3Settings};

/// Most bytes of a metadata file, a manifest or a list of them.
const MOST: usize = 64 << 20;

/// Where curated tables are; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Root {
    bucket: Bucket,
    /// `s3://bucket/`.
    bucket_uri: String,
    /// The key below which all tables are, or the only one, with a slash.
    prefix: String,
    /// Whether it is that of the lake.
    is_own: bool,
    settings: Arc<S3Settings>,
}

/// Where an attempt writes the objects of a table.
#[derive(Debug)]
pub(super) struct Place {
    root: Root,
    location: String,
    /// The key below which the table is, with a slash.
    folder: String,
    attempt: Uuid,
    files: AtomicU32,
}

impl Root {
    /// That of a lake below a prefix, which ends with a slash or is empty.
    pub(super) fn new(bucket: Bucket, name: &str, prefix: &str, settings: &S3Settings) -> Self {
        let bucket_uri = format!("s3://{name}/");
        let settings = Arc::new(settings.clone());
        Self { bucket, bucket_uri, prefix: format!("{prefix}curated/"), is_own: true, settings }
    }

    /// That of a table at a location that a catalogue has chosen.
    ///
    /// # Errors
    /// `CONFIG` if it is no bucket.
    pub(super) async fn of_location(&self, location: &str) -> Result<Self> {
        let folder = format!("{}/", location.trim_end_matches('/'));
        if folder.starts_with(&self.uri()) {
            return Ok(self.clone());
        }
        let (bucket_uri, bucket, prefix) = parts(&folder)?;
        let is_same = self.bucket_uri == bucket_uri;
        let bucket = if is_same {
            self.bucket.clone()
        } else {
            Bucket::connect(bucket, &self.settings).await?
        };
        let settings = Arc::clone(&self.settings);
        Ok(Self { bucket, bucket_uri, prefix, is_own: false, settings })
    }

    /// What an object is called among those to be removed: the key in the lake's bucket, or the
    /// whole URI.
    pub(super) fn removal(&self, uri: &str) -> Option<String> {
        let key = self.key_of(uri)?;
        Some(if self.is_own { key } else { uri.to_owned() })
    }

    /// Removes an object that is called so.
    pub(super) async fn remove(&self, removal: &str) -> Result<()> {
        if !removal.contains("://") {
            return self.bucket.delete(removal).await;
        }
        let (_, bucket, key) = parts(removal)?;
        Bucket::connect(bucket, &self.settings).await?.delete(&key).await
    }

    /// The key below which the table at a location of this root is, with a slash.
    pub(super) fn folder_of(&self, location: &str) -> String {
        let folder = format!("{}/", location.trim_end_matches('/'));
        folder.strip_prefix(&self.bucket_uri).unwrap_or(&folder).to_owned()
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

/// `s3://bucket/`, the bucket, and the key.
fn parts(uri: &str) -> Result<(String, &str, String)> {
    let found = uri.split_once("://").filter(|(scheme, _)| matches!(*scheme, "s3" | "s3a" | "s3n"));
    let found = found.and_then(|(scheme, rest)| Some((scheme, rest.split_once('/')?)));
    match found {
        Some((scheme, (bucket, key))) if !bucket.is_empty() => {
            Ok((format!("{scheme}://{bucket}/"), bucket, key.to_owned()))
        }
        _ => {
            let message = format!(
                "the catalogue has put a table of the lake at {uri}, and only S3 can be written; \
                 choose a warehouse (LAKE_CATALOG_WAREHOUSE) on S3"
            );
            Err(Error::new(Code::Config, message))
        }
    }
}

impl Place {
    /// The place of a table below the root.
    pub(super) fn new(root: &Root, table: &str, attempt: Uuid) -> Self {
        Self::at(root, format!("{}{table}", root.uri()), attempt)
    }

    /// The place of a table at a location of this root.
    pub(super) fn at(root: &Root, location: String, attempt: Uuid) -> Self {
        let folder = root.folder_of(&location);
        Self { root: root.clone(), location, folder, attempt, files: AtomicU32::new(0) }
    }

    /// The URI of the table.
    pub(super) fn location(&self) -> &str {
        &self.location
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
        let table = &self.folder;
        format!("{table}data/{folder}{}-{number:05}.parquet", self.attempt)
    }

    /// Puts an object that describes the table, and tells its URI. `before` and `after` are
    /// put around the attempt in its name.
    pub(super) async fn put(&self, before: &str, after: &str, bytes: Vec<u8>) -> Result<String> {
        let table = &self.folder;
        let key = format!("{table}metadata/{before}{}{after}", self.attempt);
        self.bucket().put_bytes(&key, bytes).await?;
        Ok(self.uri(&key))
    }
}
