//! Reads one object version from S3, through lost connections.

use std::time::Duration;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::{ByteStream as Body, ByteStreamError};
use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::chunk;
use super::client::S3;
use super::failure::{Failure, Target};
use super::object::{ObjectVersion, quoted, unquoted};
use crate::error::{Code, Error, Result};

const MAX_FAILURES: u32 = 5;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// Requests the rest of the object whenever a body ends early.
#[derive(Debug)]
pub(super) struct Reader {
    s3: S3,
    object: ObjectVersion,
    /// The offset up to which the object has been returned.
    position: u64,
    /// Received and not returned yet.
    pending: Bytes,
    body: Option<Body>,
    /// Failures since the last byte was returned.
    failures: u32,
}

impl Reader {
    pub(super) async fn open(s3: S3, object: ObjectVersion, offset: u64) -> Result<Self> {
        let pending = Bytes::new();
        let mut reader = Self { s3, object, position: offset, pending, body: None, failures: 0 };
        // A range that begins at the end is an error in S3, not an empty body.
        if reader.remaining() > 0 {
            reader.connect().await?;
        }
        Ok(reader)
    }

    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(bytes) = chunk::take(&mut self.pending) {
                self.position += bytes.len() as u64;
                self.failures = 0;
                return Ok(Some(bytes));
            }
            if self.remaining() == 0 {
                self.finish().await?;
                return Ok(None);
            }
            self.receive().await?;
        }
    }

    fn remaining(&self) -> u64 {
        self.object.size - self.position
    }

    /// Fills `pending`, or drops a body that ended early.
    async fn receive(&mut self) -> Result<()> {
        let limit = self.s3.read_timeout;
        match timeout(limit, self.connect().await?.next()).await {
            Ok(Some(Ok(bytes))) if bytes.len() as u64 > self.remaining() => Err(self.too_long()),
            Ok(Some(Ok(bytes))) => {
                self.pending = bytes;
                Ok(())
            }
            Ok(Some(Err(error))) => self.disconnect(broken().with_source(error)).await,
            Ok(None) => self.disconnect(broken()).await,
            Err(_) => self.disconnect(stalled(limit)).await,
        }
    }

    /// The body to read from, requested if there is none.
    async fn connect(&mut self) -> Result<&mut Body> {
        let body = match self.body.take() {
            Some(body) => body,
            None => loop {
                match self.request().await {
                    Ok(body) => break body,
                    Err(failure) if failure.retryable => self.pause(failure.error).await?,
                    Err(failure) => return Err(failure.error),
                }
            },
        };
        Ok(self.body.insert(body))
    }

    async fn request(&self) -> Result<Body, Failure> {
        let object = &self.object;
        let range = (self.position > 0).then(|| format!("bytes={}-", self.position));
        let response = self
            .s3
            .client
            .get_object()
            .bucket(&object.bucket)
            .key(&object.key)
            .set_version_id(object.version_id.clone())
            .if_match(quoted(&object.etag))
            .set_range(range)
            .send()
            .await
            .map_err(|error| self.target().failure(error))?;
        self.check(&response).map_err(|error| Failure { error, retryable: false })?;
        Ok(response.body)
    }

    /// Some S3 servers ignore conditions or ranges; their responses must not be taken
    /// for what was requested.
    fn check(&self, response: &GetObjectOutput) -> Result<()> {
        let object = &self.object;
        if response.e_tag().is_some_and(|etag| unquoted(etag) != object.etag) {
            return Err(object.overwritten());
        }
        let start = response.content_range().map_or(Some(0), range_start);
        if start != Some(self.position) {
            let Self { s3, position, .. } = self;
            let message = format!(
                "{} returned another range than requested of {object}, from byte {position}",
                s3.endpoint
            );
            return Err(Error::new(Code::Unavailable, message));
        }
        Ok(())
    }

    async fn disconnect(&mut self, cause: Error) -> Result<()> {
        self.body = None;
        self.pause(cause).await
    }

    /// Waits before the next attempt, or fails after the last one.
    async fn pause(&mut self, cause: Error) -> Result<()> {
        self.failures += 1;
        let Self { object, position, failures, .. } = self;
        if *failures >= MAX_FAILURES {
            let message = format!(
                "{object} cannot be read past byte {position}, {failures} attempts failed in a \
                 row ({cause}): run again when {} answers",
                self.s3.endpoint
            );
            return Err(Error::new(Code::Unavailable, message).with_source(cause));
        }
        let wait = backoff(*failures);
        tracing::warn!(
            %object, offset = *position, failures = *failures, cause = %cause.detail(), ?wait,
            "the connection was lost; reading resumes from this offset"
        );
        sleep(wait).await;
        Ok(())
    }

    /// Reads the body to its end, where its checksum is verified.
    async fn finish(&mut self) -> Result<()> {
        let Some(mut body) = self.body.take() else { return Ok(()) };
        match timeout(self.s3.read_timeout, body.next()).await {
            Ok(Some(Err(error))) => Err(self.corrupted(error)),
            Ok(Some(Ok(bytes))) if !bytes.is_empty() => Err(self.too_long()),
            // Every byte has arrived: a late end of the body does not matter.
            _ => Ok(()),
        }
    }

    fn corrupted(&self, error: ByteStreamError) -> Error {
        let message = format!("{} does not match its checksum: read it again", self.object);
        Error::new(Code::Unavailable, message).with_source(error)
    }

    fn too_long(&self) -> Error {
        let ObjectVersion { size, .. } = self.object;
        let message = format!("{} is longer than the {size} bytes it was listed with", self.object);
        Error::new(Code::Conflict, message)
    }

    fn target(&self) -> Target<'_> {
        let ObjectVersion { bucket, key, .. } = &self.object;
        Target { s3: &self.s3, action: "read", bucket, key: Some(key) }
    }
}

fn broken() -> Error {
    Error::new(Code::Unavailable, "the connection was lost within the body")
}

fn stalled(limit: Duration) -> Error {
    let message = format!("no byte arrived for {} s", limit.as_secs_f32());
    Error::new(Code::Unavailable, message)
}

/// The first byte of a `Content-Range` such as `bytes 5-9/10`.
fn range_start(range: &str) -> Option<u64> {
    range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

/// Triples with each failure.
fn backoff(failures: u32) -> Duration {
    let factor = 3_u32.saturating_pow(failures.saturating_sub(1));
    FIRST_BACKOFF.saturating_mul(factor).min(MAX_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_and_is_bounded() {
        let waits: Vec<_> = [1, 2, 3, 4, 5, 40].map(|n| backoff(n).as_millis()).to_vec();
        assert_eq!(waits, [100, 300, 900, 2700, 5000, 5000]);
    }

    #[test]
    fn content_ranges_give_their_start() {
        assert_eq!(range_start("bytes 5-9/10"), Some(5));
        assert_eq!(range_start("bytes 0-9/*"), Some(0));
        assert_eq!(range_start("bytes */10"), None);
        assert_eq!(range_start("items 5-9/10"), None);
    }
}
