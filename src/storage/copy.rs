//! Copies one version of an object to a key of a bucket: by the server where it has both, else
//! by reading and writing it.

use std::fmt::Write as _;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::copy_object::CopyObjectError;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, MetadataDirective};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use super::bucket::{Bucket, MAX_PARTS};
use super::failure::Target;
use super::object::{ObjectVersion, quoted, unquoted};
use super::source::Source;
use super::upload::{ObjectHeaders, ObjectWriter, SMALL_PART_SIZE};
use crate::error::{Code, Error, Result};

/// Where a copy says of which version it is.
const SOURCE_ETAG: &str = "source-etag";
/// Parts that the server copies at a time.
const PARTS_AT_A_TIME: usize = 4;
const GIB: u64 = 1 << 30;

/// How large objects are copied by the server.
#[derive(Debug, Clone, Copy)]
pub struct CopySizes {
    /// Larger ones in parts; S3 copies no more than 5 GiB by one request.
    pub whole: u64,
    /// Size of a part, as far as S3's limit on their number allows.
    pub part: u64,
}

impl Default for CopySizes {
    fn default() -> Self {
        Self { whole: 5 * GIB, part: GIB / 2 }
    }
}

/// A copy of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCopy {
    /// Its own `ETag`, without quotes: where it is that of the version, so are the bytes.
    pub etag: String,
    /// The hex SHA-256 of its bytes, if they went through this process.
    pub sha256: Option<String>,
}

/// A copy of the same version, or whatever else is under a key.
enum Present {
    Nothing,
    /// With its own ETag.
    Copy(String),
    Other,
}

/// The ETag of the copy, if the server tells it. The error is `None` if it copies nothing.
type Copied = Result<Option<String>, Option<Error>>;

impl Bucket {
    /// Copies exactly this version of an object to a key. A copy of it that is there already is
    /// left as it is.
    ///
    /// # Errors
    /// `Conflict` if the object was overwritten since it was listed, or the key holds anything
    /// else; those of any request to S3.
    pub async fn copy(
        &self,
        source: &Source,
        object: &ObjectVersion,
        key: &str,
        sizes: CopySizes,
    ) -> Result<ObjectCopy> {
        let named = |error: Error| {
            let address = format!("s3://{}/{key}", self.name);
            let message = format!("{object} was not copied to {address}: {}", error.message());
            Error::new(error.code(), message).with_source(error)
        };
        let mut sha256 = None;
        let done = match self.copies_from(source) {
            false => Err(None),
            true if object.size <= sizes.whole => self.copy_whole(object, key).await,
            true => match self.present(object, key).await.map_err(named)? {
                Present::Nothing => self.copy_parts(object, key, sizes.part).await,
                Present::Copy(etag) => Ok(Some(etag)),
                Present::Other => return Err(self.taken(key)),
            },
        };
        let failed = match done {
            Ok(Some(etag)) => return Ok(ObjectCopy { etag, sha256 }),
            Ok(None) => None,
            Err(None) => {
                let etag = self.copy_through(source, object, key, &mut sha256).await;
                if let Some(etag) = etag.map_err(named)? {
                    return Ok(ObjectCopy { etag, sha256 });
                }
                None
            }
            // The key was taken, or the source is another version.
            Err(Some(error)) if error.code() == Code::Conflict => Some(error),
            Err(Some(error)) => return Err(named(error)),
        };
        match self.present(object, key).await.map_err(named)? {
            Present::Copy(etag) => Ok(ObjectCopy { etag, sha256 }),
            Present::Other => Err(self.taken(key)),
            Present::Nothing if failed.is_some() => Err(object.overwritten()),
            Present::Nothing => Err(named(self.vanished(key))),
        }
    }

    /// Whether the server copies from that source.
    #[must_use]
    pub fn copies_from(&self, source: &Source) -> bool {
        source.endpoint().is_some_and(|endpoint| endpoint == self.s3.endpoint)
    }

    async fn present(&self, object: &ObjectVersion, key: &str) -> Result<Present> {
        let target = Target { action: "read", ..self.target(Some(key)) };
        let request = self.s3.client.head_object().bucket(&self.name).key(key);
        match request.send().await.map_err(|error| target.error(error)) {
            Ok(found) => {
                let size = found.content_length.and_then(|size| u64::try_from(size).ok());
                let etag = found.metadata().and_then(|metadata| metadata.get(SOURCE_ETAG));
                let is_copy = size == Some(object.size) && etag == Some(&object.etag);
                let own = found.e_tag().map(unquoted).unwrap_or_default().to_owned();
                Ok(if is_copy { Present::Copy(own) } else { Present::Other })
            }
            Err(error) if error.code() == Code::NotFound => Ok(Present::Nothing),
            Err(error) => Err(error),
        }
    }

    async fn copy_whole(&self, object: &ObjectVersion, key: &str) -> Copied {
        let request = self.s3.client.copy_object().bucket(&self.name).key(key);
        let request = request
            .copy_source(source_of(object))
            .copy_source_if_match(quoted(&object.etag))
            .if_none_match("*")
            .metadata_directive(MetadataDirective::Replace)
            .metadata(SOURCE_ETAG, &object.etag);
        let sent = request.customize().config_override(self.upload_timeouts()).send().await;
        match sent {
            Ok(sent) => Ok(etag_of(sent.copy_object_result.and_then(|result| result.e_tag))),
            Err(error) if lacks_copies(&error) => Err(None),
            Err(error) if is_gone(&error) => Err(Some(object.overwritten())),
            Err(error) => Err(Some(self.target(Some(key)).error(error))),
        }
    }

    async fn copy_parts(&self, object: &ObjectVersion, key: &str, part: u64) -> Copied {
        // What a crashed attempt has left: nobody else writes this key.
        self.abort_uploads(key).await.map_err(Some)?;
        let request = self.s3.client.create_multipart_upload().bucket(&self.name).key(key);
        let begun = request.metadata(SOURCE_ETAG, &object.etag).send().await;
        let begun = begun.map_err(|error| Some(self.target(Some(key)).error(error)))?;
        let id = begun.upload_id.ok_or_else(|| Some(self.no_upload_id()))?;
        let done = self.copy_into(object, key, &id, part).await;
        if done.is_err()
            && let Err(error) = self.abort_upload(key, &id).await
        {
            tracing::warn!(key, cause = %error.detail(), "an unfinished copy could not be aborted");
        }
        done
    }

    async fn copy_into(&self, object: &ObjectVersion, key: &str, id: &str, part: u64) -> Copied {
        let length = part.max(object.size.div_ceil(MAX_PARTS));
        let parts = (1..).zip((0..object.size.div_ceil(length)).map(|number| number * length));
        let copies: Vec<BoxFuture<'_, Result<CompletedPart, Option<Error>>>> = parts
            .map(|(number, from)| {
                let to = (from + length).min(object.size) - 1;
                self.copy_part(object, key, id, (number, from, to)).boxed()
            })
            .collect();
        let parts: Vec<CompletedPart> =
            stream::iter(copies).buffered(PARTS_AT_A_TIME).try_collect().await?;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.s3.client.complete_multipart_upload().bucket(&self.name).key(key);
        let request = request.upload_id(id).multipart_upload(parts).if_none_match("*");
        let sent = request.customize().config_override(self.upload_timeouts()).send().await;
        let sent = sent.map_err(|error| Some(self.target(Some(key)).error(error)))?;
        Ok(etag_of(sent.e_tag))
    }

    async fn copy_part(
        &self,
        object: &ObjectVersion,
        key: &str,
        id: &str,
        (number, from, to): (i32, u64, u64),
    ) -> Result<CompletedPart, Option<Error>> {
        let request = self.s3.client.upload_part_copy().bucket(&self.name).key(key);
        let request = request
            .upload_id(id)
            .part_number(number)
            .copy_source(source_of(object))
            .copy_source_if_match(quoted(&object.etag))
            .copy_source_range(format!("bytes={from}-{to}"));
        let sent = request.customize().config_override(self.upload_timeouts()).send().await;
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) if lacks_copies(&error) => return Err(None),
            Err(error) => return Err(Some(self.target(Some(key)).error(error))),
        };
        let etag = sent.copy_part_result.and_then(|result| result.e_tag);
        Ok(CompletedPart::builder().part_number(number).set_e_tag(etag).build())
    }

    /// Reads and writes it, unless the key is taken; gives the ETag of the copy, if it is known.
    async fn copy_through(
        &self,
        source: &Source,
        object: &ObjectVersion,
        key: &str,
        sha256: &mut Option<String>,
    ) -> Result<Option<String>> {
        if object.size < SMALL_PART_SIZE as u64 {
            return self.copy_small(source, object, key, sha256).await;
        }
        if !matches!(self.present(object, key).await?, Present::Nothing) {
            return Ok(None);
        }
        self.abort_uploads(key).await?;
        let mut digest = Sha256::new();
        let headers = ObjectHeaders {
            content_type: "application/octet-stream",
            file_name: None,
            metadata: vec![(SOURCE_ETAG, object.etag.clone())],
        };
        // It is read beside the load, and it is the load that memory is for.
        let mut writer = ObjectWriter::new(self, key, headers).frugal();
        let copied = async {
            let mut stream = source.open(object, 0).await?;
            while let Some(chunk) = stream.next().await? {
                digest.update(&chunk);
                writer.write(&chunk).await?;
            }
            writer.finish().await
        };
        let copied = copied.await;
        if copied.is_err() {
            writer.abort().await;
        }
        copied?;
        *sha256 = Some(format!("{:x}", digest.finalize()));
        Ok(None)
    }

    /// By one request, which fails if the key is taken.
    async fn copy_small(
        &self,
        source: &Source,
        object: &ObjectVersion,
        key: &str,
        sha256: &mut Option<String>,
    ) -> Result<Option<String>> {
        let mut stream = source.open(object, 0).await?;
        let mut bytes = Vec::with_capacity(usize::try_from(object.size).unwrap_or(SMALL_PART_SIZE));
        while let Some(chunk) = stream.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        let digest = format!("{:x}", Sha256::digest(&bytes));
        let request = self.s3.client.put_object().bucket(&self.name).key(key);
        let request = request
            .body(bytes.into())
            .content_type("application/octet-stream")
            .metadata(SOURCE_ETAG, &object.etag)
            .if_none_match("*");
        let sent = request.customize().config_override(self.upload_timeouts()).send().await;
        match sent.map_err(|error| self.target(Some(key)).error(error)) {
            Ok(sent) => {
                *sha256 = Some(digest);
                Ok(etag_of(sent.e_tag))
            }
            Err(error) if error.code() == Code::Conflict => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn vanished(&self, key: &str) -> Error {
        let address = format!("s3://{}/{key}", self.name);
        Error::new(Code::Unavailable, format!("{address} is not there after it was copied"))
    }

    fn taken(&self, key: &str) -> Error {
        let address = format!("s3://{}/{key}", self.name);
        Error::new(Code::Conflict, format!("{address} is there already and is another object"))
    }
}

fn etag_of(etag: Option<String>) -> Option<String> {
    etag.map(|etag| unquoted(&etag).to_owned()).filter(|etag| !etag.is_empty())
}

/// The source of a copy, as its header has it.
fn source_of(object: &ObjectVersion) -> String {
    let mut text = format!("{}/", object.bucket);
    for byte in object.key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    if let Some(id) = &object.version_id {
        text.push_str("?versionId=");
        text.push_str(id);
    }
    text
}

/// Whether the server has no copies at all.
fn lacks_copies<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    matches!(error.code(), Some("NotImplemented" | "MethodNotAllowed"))
}

fn is_gone(error: &SdkError<CopyObjectError>) -> bool {
    error.code() == Some("NoSuchKey")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_a_copy_is_percent_encoded() {
        let object = ObjectVersion {
            bucket: "b".to_owned(),
            key: "in/é +&=%20#?.csv".to_owned(),
            etag: String::new(),
            version_id: Some("v1".to_owned()),
            size: 0,
            last_modified: None,
            kept_at: None,
        };
        assert_eq!(source_of(&object), "b/in/%C3%A9%20%2B%26%3D%2520%23%3F.csv?versionId=v1");
    }
}
