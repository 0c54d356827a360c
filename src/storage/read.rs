//! Reading one object version from S3, across cut connections.

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

/// A reader that asks again, from the byte it has reached, whenever the body it
/// reads from ends early.
#[derive(Debug)]
pub(super) struct Reader {
    s3: S3,
    object: ObjectVersion,
    /// Bytes of the object before this one have been handed out.
    position: u64,
    /// Received and not handed out yet.
    pending: Bytes,
    body: Option<Body>,
    /// Failures in a row, with no byte handed out between them.
    failures: u32,
}

impl Reader {
    pub(super) async fn open(s3: S3, object: ObjectVersion, offset: u64) -> Result<Self> {
        let pending = Bytes::new();
        let mut reader = Self { s3, object, position: offset, pending, body: None, failures: 0 };
        // A range that begins at the end is an error to S3, not an empty body.
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

    /// Fills `pending`, or drops a body that ended too early.
    async fn receive(&mut self) -> Result<()> {
        let limit = self.s3.read_timeout;
        match timeout(limit, self.connect().await?.next()).await {
            Ok(Some(Ok(bytes))) if bytes.len() as u64 > self.remaining() => Err(self.too_long()),
            Ok(Some(Ok(bytes))) => {
                self.pending = bytes;
                Ok(())
            }
            Ok(Some(Err(error))) => self.cut(broken().with_source(error)).await,
            Ok(None) => self.cut(broken()).await,
            Err(_) => self.cut(stalled(limit)).await,
        }
    }

    /// The body to read from, asked for if there is none.
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
        let answer = self
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
        self.check(&answer).map_err(|error| Failure { error, retryable: false })?;
        Ok(answer.body)
    }

    /// Some S3 servers ignore conditions or ranges; their answers must not pass
    /// for what was asked.
    fn check(&self, answer: &GetObjectOutput) -> Result<()> {
        let object = &self.object;
        if answer.e_tag().is_some_and(|etag| unquoted(etag) != object.etag) {
            let message = format!("{object} was overwritten since it was listed: list it again");
            return Err(Error::new(Code::Conflict, message));
        }
        let start = answer.content_range().map_or(Some(0), range_start);
        if start != Some(self.position) {
            let Self { s3, position, .. } = self;
            let message = format!(
                "{} was asked for {object} from byte {position} on and answered with another part",
                s3.endpoint
            );
            return Err(Error::new(Code::Unavailable, message));
        }
        Ok(())
    }

    async fn cut(&mut self, cause: Error) -> Result<()> {
        self.body = None;
        self.pause(cause).await
    }

    /// Waits before the next try, or fails when there were enough of them.
    async fn pause(&mut self, cause: Error) -> Result<()> {
        self.failures += 1;
        let Self { object, position, failures, .. } = self;
        if *failures >= MAX_FAILURES {
            let message = format!(
                "{object} cannot be read past byte {position}, {failures} tries failed in a row \
                 ({cause}): run again when {} answers",
                self.s3.endpoint
            );
            return Err(Error::new(Code::Unavailable, message).with_source(cause));
        }
        let wait = backoff(*failures);
        tracing::warn!(
            %object, offset = *position, failures = *failures, cause = %cause.detail(), ?wait,
            "reading was cut, it resumes from this offset"
        );
        sleep(wait).await;
        Ok(())
    }

    /// Lets the body end, which is when its checksum is compared.
    async fn finish(&mut self) -> Result<()> {
        let Some(mut body) = self.body.take() else { return Ok(()) };
        match timeout(self.s3.read_timeout, body.next()).await {
            Ok(Some(Err(error))) => Err(self.not_sound(error)),
            Ok(Some(Ok(bytes))) if !bytes.is_empty() => Err(self.too_long()),
            // Every byte is there, so a late end of the body does not matter.
            _ => Ok(()),
        }
    }

    fn not_sound(&self, error: ByteStreamError) -> Error {
        let message = format!("{} did not arrive as it was stored: read it again", self.object);
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
    Error::new(Code::Unavailable, "the connection broke off within the body")
}

fn stalled(limit: Duration) -> Error {
    let message = format!("no byte came for {} s", limit.as_secs_f32());
    Error::new(Code::Unavailable, message)
}

/// The first byte of a `Content-Range` such as `bytes 5-9/10`.
fn range_start(range: &str) -> Option<u64> {
    range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

/// Three times longer after each failure.
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
    fn content_ranges_tell_their_start() {
        assert_eq!(range_start("bytes 5-9/10"), Some(5));
        assert_eq!(range_start("bytes 0-9/*"), Some(0));
        assert_eq!(range_start("bytes */10"), None);
        assert_eq!(range_start("items 5-9/10"), None);
    }
}
