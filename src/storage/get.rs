//! Reads whole objects of a bucket, and lists its keys.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::bucket::Bucket;
use super::failure::Target;
use crate::error::{Code, Error, Result};

/// Room that is made before any byte has come.
const MOST_AT_ONCE: usize = 16 << 20;

impl Bucket {
    /// The bytes of an object, as it is now; `None` if there is none.
    ///
    /// # Errors
    /// `CONFLICT` if it has more than `most` bytes, otherwise as of any request to S3.
    pub async fn get_bytes(&self, key: &str, most: usize) -> Result<Option<Vec<u8>>> {
        let target = Target { action: "read", ..self.target(Some(key)) };
        let request = self.s3.client.get_object().bucket(&self.name).key(key);
        let object = match request.send().await.map_err(|error| target.error(error)) {
            Ok(object) => object,
            Err(error) if error.code() == Code::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let too_large = || {
            let name = &self.name;
            Error::new(Code::Conflict, format!("s3://{name}/{key} has more than {most} bytes"))
        };
        let is_too_large = |size: i64| usize::try_from(size).is_ok_and(|size| size > most);
        if object.content_length.is_some_and(is_too_large) {
            return Err(too_large());
        }
        let (mut body, mut bytes) = (object.body, Vec::new());
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| {
                let message = format!("reading s3://{}/{key} was interrupted", self.name);
                Error::new(Code::Unavailable, message).with_source(error)
            })?;
            if bytes.len() + chunk.len() > most {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Some(bytes))
    }

    /// Some bytes of an object, which has them.
    ///
    /// # Errors
    /// `NOT_FOUND` if there is no such object, `UNAVAILABLE` if fewer bytes came, otherwise as of
    /// any request to S3.
    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let target = Target { action: "read", ..self.target(Some(key)) };
        let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        if length == 0 {
            return Ok(Bytes::new());
        }
        let asked = format!("bytes={}-{}", range.start, range.end - 1);
        let request = self.s3.client.get_object().bucket(&self.name).key(key).range(asked);
        let object = request.send().await.map_err(|error| target.error(error))?;
        let broken = || {
            let message = format!("reading s3://{}/{key} was interrupted", self.name);
            Error::new(Code::Unavailable, message)
        };
        let mut body = object.body;
        let mut bytes = BytesMut::with_capacity(length.min(MOST_AT_ONCE));
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| broken().with_source(error))?;
            if bytes.len() + chunk.len() > length {
                return Err(broken().with_source("more bytes came than were asked for"));
            }
            bytes.extend_from_slice(&chunk);
        }
        if bytes.len() < length {
            return Err(broken().with_source("fewer bytes came than were asked for"));
        }
        Ok(bytes.freeze())
    }

    /// Keys that begin with `prefix` and come after `after`, in their order: a page of at most
    /// 1,000, empty at the end.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn keys(&self, prefix: &str, after: Option<&str>) -> Result<Vec<String>> {
        let target = Target { action: "list", ..self.target(None) };
        let request = self.s3.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let request = request.set_start_after(after.map(str::to_owned));
        let page = request.send().await.map_err(|error| target.error(error))?;
        Ok(page.contents.unwrap_or_default().into_iter().filter_map(|it| it.key).collect())
    }
}
