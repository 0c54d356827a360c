//! Objects of a bucket as they are now, and small ones that are put there.

use super::bucket::Bucket;
use super::failure::Target;
use super::object::{ObjectVersion, unquoted};
use super::read::Reader;
use super::source::{AnyReader, ByteStream};
use crate::error::{Code, Error, Result};

impl Bucket {
    /// Puts few bytes under a key, unless there is an object; whether it has. It takes no longer
    /// than a request that reads.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn put_new(&self, key: &str, bytes: Vec<u8>) -> Result<bool> {
        let request = self.s3.client.put_object().bucket(&self.name).key(key);
        let sent = request.body(bytes.into()).if_none_match("*").send().await;
        match sent.map_err(|error| self.target(Some(key)).error(error)) {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Code::Conflict => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Likewise, replacing any object there.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn put_short(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        let request = self.s3.client.put_object().bucket(&self.name).key(key);
        let sent = request.body(bytes.into()).send().await;
        sent.map_err(|error| self.target(Some(key)).error(error))?;
        Ok(())
    }

    /// The bytes of an object as it is now, from `offset`; `None` if there is none.
    ///
    /// # Errors
    /// `Conflict` if it is shorter than that, else as of any request to S3.
    pub async fn open(&self, key: &str, offset: u64) -> Result<Option<ByteStream>> {
        let Some(object) = self.version(key).await? else { return Ok(None) };
        if offset > object.size {
            let message = format!("{object} has {} bytes, not {offset}", object.size);
            return Err(Error::new(Code::Conflict, message));
        }
        let reader = Reader::open(self.s3.clone(), object, offset).await?;
        Ok(Some(ByteStream { reader: AnyReader::S3(Box::new(reader)) }))
    }

    /// The version of an object as it is now; `None` if there is none.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn version(&self, key: &str) -> Result<Option<ObjectVersion>> {
        let target = Target { action: "read", ..self.target(Some(key)) };
        let request = self.s3.client.head_object().bucket(&self.name).key(key);
        let found = match request.send().await.map_err(|error| target.error(error)) {
            Ok(found) => found,
            Err(error) if error.code() == Code::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(ObjectVersion {
            bucket: self.name.clone(),
            key: key.to_owned(),
            etag: found.e_tag.as_deref().map(unquoted).unwrap_or_default().to_owned(),
            version_id: None,
            size: found.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
            last_modified: None,
            kept_at: None,
        }))
    }
}
