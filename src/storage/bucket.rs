//! Creates and fills a bucket.

use std::error::Error as StdError;
use std::path::Path;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::operation::create_bucket::CreateBucketError;
use aws_sdk_s3::primitives::{ByteStream as Body, Length};
use aws_sdk_s3::types::{
    BucketLocationConstraint, CompletedMultipartUpload, CompletedPart, CreateBucketConfiguration,
};
use bytes::Bytes;

use super::client::{DEFAULT_REGION, S3};
use super::failure::Target;
use super::settings::S3Settings;
use crate::error::{Code, Error, Result};

/// Larger files are uploaded in parts, of this size as far as S3's limit on the number
/// of parts allows.
const PART_SIZE: u64 = 16 * 1024 * 1024;
pub(super) const MAX_PARTS: u64 = 10_000;

/// The SDK's read timeout includes the time to send the body.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);

/// A bucket to write to; cheap to clone.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(super) s3: S3,
    pub(super) name: String,
}

impl Bucket {
    /// Prepares access without sending a request.
    ///
    /// # Errors
    /// `Config` if the settings are not valid or no region is known.
    pub async fn connect(name: impl Into<String>, settings: &S3Settings) -> Result<Self> {
        Ok(Self { s3: S3::connect(settings).await?, name: name.into() })
    }

    /// Creates the bucket unless it exists.
    ///
    /// # Errors
    /// `Conflict` if the name belongs to another account, `Config` if the
    /// credentials do not allow it, `Unavailable` if S3 does not answer.
    pub async fn create_if_missing(&self) -> Result<()> {
        let target = Target { action: "create", ..self.target(None) };
        let client = &self.s3.client;
        let Err(error) = client.head_bucket().bucket(&self.name).send().await else {
            return Ok(());
        };
        let error = target.error(error);
        if error.code() != Code::NotFound {
            return Err(error);
        }
        let created = client
            .create_bucket()
            .bucket(&self.name)
            .set_create_bucket_configuration(self.location())
            .send()
            .await;
        let Err(error) = created else { return Ok(()) };
        match error.as_service_error() {
            Some(CreateBucketError::BucketAlreadyOwnedByYou(_)) => Ok(()),
            Some(CreateBucketError::BucketAlreadyExists(_)) => {
                let name = &self.name;
                let message = format!("the bucket name '{name}' is taken: choose another");
                Err(Error::new(Code::Conflict, message).with_source(error))
            }
            _ => Err(target.error(error)),
        }
    }

    /// Puts bytes under a key, replacing any object there.
    ///
    /// # Errors
    /// `NotFound` if the bucket does not exist, `Config` if the credentials do
    /// not allow it, `Unavailable` if S3 does not answer.
    pub async fn put_bytes(&self, key: &str, bytes: impl Into<Bytes>) -> Result<()> {
        self.put(key, Body::from(bytes.into())).await
    }

    /// Puts a local file under a key in bounded memory, replacing any object there. An
    /// upload that fails is aborted.
    ///
    /// # Errors
    /// As [`Bucket::put_bytes`], and `BadUserInput` if the file cannot be read.
    pub async fn put_file(&self, path: &Path, key: &str) -> Result<()> {
        let metadata = tokio::fs::metadata(path).await.map_err(|error| unreadable(path, error))?;
        let size = metadata.len();
        if size <= PART_SIZE {
            let body = Body::from_path(path).await.map_err(|error| unreadable(path, error))?;
            return self.put(key, body).await;
        }
        let upload = self.begin(key).await?;
        let done = self.upload(&upload, path, size).await;
        if done.is_err() {
            self.abort(&upload).await;
        }
        done
    }

    async fn put(&self, key: &str, body: Body) -> Result<()> {
        let request = self.s3.client.put_object().bucket(&self.name).key(key).body(body);
        let sent = request.customize().config_override(self.upload_timeouts()).send().await;
        sent.map_err(|error| self.target(Some(key)).error(error))?;
        Ok(())
    }

    async fn begin<'a>(&self, key: &'a str) -> Result<Upload<'a>> {
        let request = self.s3.client.create_multipart_upload().bucket(&self.name).key(key);
        let begun = request.send().await.map_err(|error| self.target(Some(key)).error(error))?;
        let id = begun.upload_id.ok_or_else(|| self.no_upload_id())?;
        Ok(Upload { key, id })
    }

    pub(super) fn no_upload_id(&self) -> Error {
        let endpoint = &self.s3.endpoint;
        Error::internal(format!("{endpoint} created a multipart upload without an id"))
    }

    async fn upload(&self, upload: &Upload<'_>, path: &Path, size: u64) -> Result<()> {
        let mut parts = CompletedMultipartUpload::builder();
        for (number, Part { offset, length }) in (1..).zip(split(size)) {
            let body = Body::read_from().path(path).offset(offset).length(Length::Exact(length));
            let body = body.build().await.map_err(|error| unreadable(path, error))?;
            let request = self.s3.client.upload_part().bucket(&self.name).key(upload.key);
            let request = request.upload_id(&upload.id).part_number(number).body(body);
            let sent = request.customize().config_override(self.upload_timeouts()).send().await;
            let sent = sent.map_err(|error| self.target(Some(upload.key)).error(error))?;
            let part = CompletedPart::builder()
                .part_number(number)
                .set_e_tag(sent.e_tag)
                .set_checksum_crc32(sent.checksum_crc32);
            parts = parts.parts(part.build());
        }
        let request = self.s3.client.complete_multipart_upload().bucket(&self.name).key(upload.key);
        let request = request.upload_id(&upload.id).multipart_upload(parts.build());
        let completed = request.customize().config_override(self.upload_timeouts()).send().await;
        completed.map_err(|error| self.target(Some(upload.key)).error(error))?;
        Ok(())
    }

    /// Parts of an upload that is not aborted are kept and billed. The caller reports
    /// the first failure, so this one is only logged.
    async fn abort(&self, upload: &Upload<'_>) {
        let Upload { key, id } = upload;
        let request = self.s3.client.abort_multipart_upload().bucket(&self.name).key(*key);
        if let Err(error) = request.upload_id(id).send().await {
            let error = self.target(Some(key)).error(error);
            tracing::warn!(
                bucket = %self.name, key, upload_id = %id, cause = %error.detail(),
                "an unfinished upload could not be aborted"
            );
        }
    }

    /// S3 requires the location constraint, except for its default region.
    fn location(&self) -> Option<CreateBucketConfiguration> {
        let region = self.s3.region.as_str();
        (region != DEFAULT_REGION).then(|| {
            let constraint = BucketLocationConstraint::from(region);
            CreateBucketConfiguration::builder().location_constraint(constraint).build()
        })
    }

    pub(super) fn upload_timeouts(&self) -> Builder {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(self.s3.connect_timeout)
            .read_timeout(UPLOAD_TIMEOUT.max(self.s3.read_timeout));
        Builder::new().timeout_config(timeouts.build())
    }

    pub(super) fn target<'a>(&'a self, key: Option<&'a str>) -> Target<'a> {
        Target { s3: &self.s3, action: "write", bucket: &self.name, key }
    }
}

struct Upload<'a> {
    key: &'a str,
    id: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Part {
    offset: u64,
    length: u64,
}

/// The parts of a file of `size` bytes.
fn split(size: u64) -> impl Iterator<Item = Part> {
    let length = PART_SIZE.max(size.div_ceil(MAX_PARTS));
    let parts = size.div_ceil(length);
    (0..parts).map(move |number| {
        let offset = number * length;
        Part { offset, length: length.min(size - offset) }
    })
}

fn unreadable(path: &Path, error: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    let message = format!("the file {} cannot be read", path.display());
    Error::new(Code::BadUserInput, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(size: u64, count: u64) {
        let mut end = 0;
        let mut parts = 0;
        for part in split(size) {
            assert_eq!(part.offset, end, "parts follow each other");
            assert!(part.length > 0);
            end += part.length;
            parts += 1;
        }
        assert_eq!(end, size, "parts cover the file");
        assert_eq!(parts, count);
    }

    #[test]
    fn parts_cover_the_file_within_the_limits() {
        check(PART_SIZE, 1);
        check(PART_SIZE + 1, 2);
        check(3 * PART_SIZE, 3);
        check(MAX_PARTS * PART_SIZE, MAX_PARTS);
        check(MAX_PARTS * PART_SIZE * 2 + 1, MAX_PARTS);
    }
}
