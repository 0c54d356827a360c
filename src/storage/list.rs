//! Lists a bucket, one page of S3 at a time.

use aws_sdk_s3::types::Object;
use chrono::{DateTime, Utc};

use super::client::S3;
use super::failure::Target;
use super::object::{ObjectVersion, unquoted};
use crate::error::{Error, Result};

/// A bucket, or the part of it under a prefix.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) s3: S3,
    pub(super) bucket: String,
    /// Without a trailing slash; empty for the whole bucket.
    pub(super) prefix: String,
}

impl Folder {
    /// S3 compares prefixes as text: `in` also matches `in-old/file`, which is not in
    /// the folder `in`. A key ending in a slash is a folder.
    fn contains(&self, key: &str) -> bool {
        let inside = match key.strip_prefix(self.prefix.as_str()) {
            Some(rest) => self.prefix.is_empty() || rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        inside && !key.ends_with('/')
    }

    fn version(&self, object: Object) -> Result<Option<ObjectVersion>> {
        let Some(key) = object.key.filter(|key| self.contains(key)) else { return Ok(None) };
        let size = object.size.and_then(|size| u64::try_from(size).ok());
        let (Some(etag), Some(size)) = (object.e_tag, size) else {
            let bucket = &self.bucket;
            let endpoint = &self.s3.endpoint;
            let message = format!("{endpoint} lists s3://{bucket}/{key} without ETag or size");
            return Err(Error::internal(message));
        };
        Ok(Some(ObjectVersion {
            bucket: self.bucket.clone(),
            key,
            etag: unquoted(&etag).to_owned(),
            version_id: None,
            size,
            last_modified: object.last_modified.and_then(|time| to_chrono(&time)),
            kept_at: None,
        }))
    }
}

/// The pages of a listing.
#[derive(Debug)]
pub(super) struct S3Pages {
    folder: Folder,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    After(String),
    End,
}

impl S3Pages {
    pub(super) fn new(folder: Folder) -> Self {
        Self { folder, next: Next::First }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Vec<ObjectVersion>>> {
        loop {
            let token = match &self.next {
                Next::First => None,
                Next::After(token) => Some(token.clone()),
                Next::End => return Ok(None),
            };
            let page = self.request(token).await?;
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
    }

    async fn request(&mut self, token: Option<String>) -> Result<Vec<ObjectVersion>> {
        let Folder { s3, bucket, prefix } = &self.folder;
        let target = Target { s3, action: "list", bucket, key: None };
        let response = s3
            .client
            .list_objects_v2()
            .bucket(bucket)
            .set_prefix((!prefix.is_empty()).then(|| prefix.clone()))
            .set_continuation_token(token)
            .send()
            .await
            .map_err(|error| target.error(error))?;
        self.next = match response.next_continuation_token {
            Some(token) if response.is_truncated == Some(true) => Next::After(token),
            _ => Next::End,
        };
        let objects = response.contents.unwrap_or_default().into_iter();
        objects.filter_map(|object| self.folder.version(object).transpose()).collect()
    }
}

fn to_chrono(time: &aws_sdk_s3::primitives::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}
