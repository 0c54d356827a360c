//! Writes an object as its bytes are made, in bounded memory. The object is there as a whole
//! once the writer has finished, and not at all before.

use std::collections::{HashMap, VecDeque};

use aws_sdk_s3::primitives::ByteStream as Body;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use tokio::task::JoinHandle;

use super::bucket::{Bucket, MAX_PARTS};
use crate::error::{Code, Error, Result};
use crate::telemetry::trace;

/// Size of the first parts. A smaller object is put by one request.
const PART_SIZE: usize = 8 << 20;
/// That of a frugal writer: S3 takes no smaller ones.
pub(super) const SMALL_PART_SIZE: usize = 5 << 20;
/// Parts are larger from this on, and again twice as far on: S3 takes 10,000 of them, and
/// 5 TiB in all.
const GROW_AFTER: usize = 1_000;
/// Parts under way beside the one that is filled.
const PARTS_IN_FLIGHT: usize = 2;

/// How an object is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHeaders {
    /// Its media type.
    pub content_type: &'static str,
    /// The name under which browsers save it, if it has one.
    pub file_name: Option<String>,
    /// What else is said of it, by name.
    pub metadata: Vec<(&'static str, String)>,
}

/// A part that was sent, and the buffer that it was in.
#[derive(Debug)]
struct Sent {
    part: CompletedPart,
    buffer: Option<BytesMut>,
}

/// An object being written.
#[derive(Debug)]
pub struct ObjectWriter {
    bucket: Bucket,
    key: String,
    headers: ObjectHeaders,
    buffer: BytesMut,
    size: u64,
    /// The id of the multipart upload, once there is one.
    upload: Option<String>,
    begun: usize,
    first_part: usize,
    most_in_flight: usize,
    in_flight: VecDeque<JoinHandle<Result<Sent>>>,
    /// The buffer of a part that was sent, for another one: freed ones of this size would be
    /// kept by the allocator.
    spare: Option<BytesMut>,
    parts: Vec<CompletedPart>,
}

impl ObjectWriter {
    /// Begins an object of this key. Nothing is sent yet.
    #[must_use]
    pub fn new(bucket: &Bucket, key: &str, headers: ObjectHeaders) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.to_owned(),
            headers,
            buffer: BytesMut::new(),
            size: 0,
            upload: None,
            begun: 0,
            first_part: PART_SIZE,
            most_in_flight: PARTS_IN_FLIGHT,
            in_flight: VecDeque::new(),
            spare: None,
            parts: Vec::new(),
        }
    }

    /// The same, with small parts, and one under way beside the one that is filled.
    #[must_use]
    pub(super) const fn frugal(mut self) -> Self {
        self.first_part = SMALL_PART_SIZE;
        self.most_in_flight = 1;
        self
    }

    /// Bytes written so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes; waits while enough parts are under way.
    ///
    /// # Errors
    /// As of any request to S3. [`ObjectWriter::abort`] must follow.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let part_size = self.part_size();
            if self.buffer.capacity() == 0 {
                self.buffer = self.spare.take().unwrap_or_default();
                self.buffer.reserve(part_size);
            }
            let (head, tail) = rest.split_at(rest.len().min(part_size - self.buffer.len()));
            self.buffer.extend_from_slice(head);
            self.size += head.len() as u64;
            rest = tail;
            if self.buffer.len() == part_size {
                self.send_part().await?;
            }
        }
        Ok(())
    }

    /// Makes the object of all that was written.
    ///
    /// # Errors
    /// As of any request to S3, and `Conflict` if the upload was aborted by another writer.
    /// [`ObjectWriter::abort`] must follow.
    pub async fn finish(&mut self) -> Result<()> {
        if self.upload.is_none() {
            return self.put().await;
        }
        if !self.buffer.is_empty() {
            self.send_part().await?;
        }
        while !self.in_flight.is_empty() {
            self.await_part().await?;
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.parts.clone()));
        let Bucket { s3, name } = &self.bucket;
        let request = s3.client.complete_multipart_upload().bucket(name).key(&self.key);
        let request = request.set_upload_id(self.upload.clone()).multipart_upload(parts.build());
        let completed =
            request.customize().config_override(self.bucket.upload_timeouts()).send().await;
        completed.map_err(|error| self.bucket.target(Some(&self.key)).error(error))?;
        self.upload = None;
        Ok(())
    }

    /// Gives the object up. What was sent is removed; a failure to do so is logged, and
    /// [`Bucket::abort_uploads`] does it later.
    pub async fn abort(&mut self) {
        for task in self.in_flight.drain(..) {
            task.abort();
            // An aborted request may still be on its way to S3; the abort below comes after.
            let _ = task.await;
        }
        self.buffer = BytesMut::new();
        self.spare = None;
        let Some(id) = self.upload.take() else { return };
        if let Err(error) = self.bucket.abort_upload(&self.key, &id).await {
            tracing::warn!(
                bucket = %self.bucket.name, key = %self.key, upload_id = %id,
                cause = %error.detail(), "an unfinished upload could not be aborted"
            );
        }
    }

    /// In one request. Another writer of the same key, whose lease has run out, cannot
    /// replace the object later: it finds the key taken.
    async fn put(&mut self) -> Result<()> {
        let bytes = std::mem::take(&mut self.buffer).freeze();
        let taken = match self.put_if(&bytes, None).await {
            Err(error) if error.code() == Code::Conflict => error,
            done => return done,
        };
        match self.bucket.etag(&self.key).await? {
            Some(etag) => self.put_if(&bytes, Some(etag)).await,
            None => Err(taken),
        }
    }

    /// Only where there is no object yet, or still this one.
    async fn put_if(&self, bytes: &Bytes, replaced: Option<String>) -> Result<()> {
        let Bucket { s3, name } = &self.bucket;
        let request = s3.client.put_object().bucket(name).key(&self.key);
        let request = request
            .body(Body::from(bytes.clone()))
            .content_type(self.headers.content_type)
            .set_content_disposition(self.disposition())
            .set_metadata(self.metadata());
        let request = match replaced {
            Some(etag) => request.if_match(etag),
            None => request.if_none_match("*"),
        };
        let sent = request.customize().config_override(self.bucket.upload_timeouts()).send().await;
        sent.map_err(|error| self.bucket.target(Some(&self.key)).error(error))?;
        Ok(())
    }

    fn part_size(&self) -> usize {
        let doublings = (self.begun / GROW_AFTER).min(9);
        self.first_part << doublings
    }

    async fn send_part(&mut self) -> Result<()> {
        let id = match &self.upload {
            Some(id) => id.clone(),
            None => self.begin().await?,
        };
        while self.in_flight.len() >= self.most_in_flight {
            self.await_part().await?;
        }
        self.begun += 1;
        let number = i32::try_from(self.begun).unwrap_or(i32::MAX);
        if self.begun as u64 > MAX_PARTS {
            let message = "the file is larger than S3 takes; ask for less, or for a compressed one";
            return Err(Error::new(Code::BadUserInput, message));
        }
        let body = std::mem::take(&mut self.buffer).freeze();
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        self.in_flight.push_back(trace::spawn(send(bucket, key, id, number, body)));
        Ok(())
    }

    async fn begin(&mut self) -> Result<String> {
        let Bucket { s3, name } = &self.bucket;
        let request = s3.client.create_multipart_upload().bucket(name).key(&self.key);
        let request = request
            .content_type(self.headers.content_type)
            .set_content_disposition(self.disposition())
            .set_metadata(self.metadata());
        let begun = request.send().await;
        let begun = begun.map_err(|error| self.bucket.target(Some(&self.key)).error(error))?;
        let id = begun.upload_id.ok_or_else(|| self.bucket.no_upload_id())?;
        Ok(self.upload.insert(id).clone())
    }

    async fn await_part(&mut self) -> Result<()> {
        let Some(task) = self.in_flight.pop_front() else { return Ok(()) };
        let part = task
            .await
            .map_err(|error| Error::internal("an upload ended early").with_source(error))??;
        self.parts.push(part.part);
        self.spare = self.spare.take().or(part.buffer);
        Ok(())
    }

    /// The name holds nothing that needs an escape.
    fn disposition(&self) -> Option<String> {
        let name = self.headers.file_name.as_ref()?;
        Some(format!("attachment; filename=\"{name}\""))
    }

    fn metadata(&self) -> Option<HashMap<String, String>> {
        let said = self.headers.metadata.iter();
        (!self.headers.metadata.is_empty())
            .then(|| said.map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }
}

impl Drop for ObjectWriter {
    /// Parts of an object that nobody waits for any more are not sent.
    fn drop(&mut self) {
        self.in_flight.iter().for_each(JoinHandle::abort);
    }
}

async fn send(
    bucket: Bucket,
    key: String,
    upload: String,
    number: i32,
    body: Bytes,
) -> Result<Sent> {
    let request = bucket.s3.client.upload_part().bucket(&bucket.name).key(&key);
    let request = request.upload_id(upload).part_number(number).body(Body::from(body.clone()));
    let sent = request.customize().config_override(bucket.upload_timeouts()).send().await;
    let sent = sent.map_err(|error| bucket.target(Some(&key)).error(error))?;
    let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
    let part = part.set_checksum_crc32(sent.checksum_crc32).build();
    // The client may hold it a little longer: then there is none to use again.
    let buffer = body.try_into_mut().ok().map(|mut buffer| {
        buffer.clear();
        buffer
    });
    Ok(Sent { part, buffer })
}

impl Bucket {
    /// The ETag of an object, with its quotes; `None` if there is none.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn etag(&self, key: &str) -> Result<Option<String>> {
        let request = self.s3.client.head_object().bucket(&self.name).key(key);
        match request.send().await.map_err(|error| self.target(Some(key)).error(error)) {
            Ok(found) => Ok(found.e_tag),
            Err(error) if error.code() == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The size of an object in bytes; `None` if there is none.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        let request = self.s3.client.head_object().bucket(&self.name).key(key);
        match request.send().await.map_err(|error| self.target(Some(key)).error(error)) {
            Ok(found) => Ok(found.content_length.and_then(|size| u64::try_from(size).ok())),
            Err(error) if error.code() == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes an object. One that is not there is no error.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let request = self.s3.client.delete_object().bucket(&self.name).key(key);
        request.send().await.map_err(|error| self.target(Some(key)).error(error))?;
        Ok(())
    }

    /// Aborts all uploads of a key that are not finished, and tells how many. Whoever is
    /// still writing one of them can no longer finish it.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn abort_uploads(&self, key: &str) -> Result<usize> {
        let (mut aborted, mut after) = (0, None);
        loop {
            let (uploads, next) = self.open_uploads(key, after.as_ref()).await?;
            for (_, id) in uploads.iter().filter(|(own, _)| own == key) {
                self.abort_upload(key, id).await?;
                aborted += 1;
            }
            if next.is_none() {
                return Ok(aborted);
            }
            after = next;
        }
    }

    /// Keys and ids of uploads below a prefix that are not finished: a page of them, and
    /// after which the next page begins, if there are more.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn open_uploads(
        &self,
        prefix: &str,
        after: Option<&(String, String)>,
    ) -> Result<(Vec<(String, String)>, Option<(String, String)>)> {
        let request = self.s3.client.list_multipart_uploads().bucket(&self.name).prefix(prefix);
        let request = request
            .set_key_marker(after.map(|(key, _)| key.clone()))
            .set_upload_id_marker(after.map(|(_, id)| id.clone()).filter(|id| !id.is_empty()));
        let page = request.send().await.map_err(|error| self.target(Some(prefix)).error(error))?;
        let id = page.next_upload_id_marker.unwrap_or_default();
        let next = page.next_key_marker.filter(|_| page.is_truncated == Some(true));
        let next = next.map(|key| (key, id));
        let uploads = page.uploads.unwrap_or_default().into_iter();
        let uploads = uploads.filter_map(|upload| Some((upload.key?, upload.upload_id?)));
        Ok((uploads.collect(), next))
    }

    pub(super) async fn abort_upload(&self, key: &str, id: &str) -> Result<()> {
        let request = self.s3.client.abort_multipart_upload().bucket(&self.name).key(key);
        match request.upload_id(id).send().await {
            Ok(_) => Ok(()),
            Err(error) => match self.target(Some(key)).error(error) {
                // Finished or aborted meanwhile.
                error if error.code() == Code::NotFound => Ok(()),
                error => Err(error),
            },
        }
    }
}
