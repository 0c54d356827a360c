//! Operations on single objects.

use std::ops::Range as ByteRange;

use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};

use super::receive::Digests;
use super::{Api, checksum_type, signed, strong};
use crate::embedded::s3::blob::{Written, body, pieces};
use crate::embedded::s3::condition::WriteCondition;
use crate::embedded::s3::digest::{self, answer, hex};
use crate::embedded::s3::index::Object;
use crate::embedded::s3::record::{Headers, Moment, ObjectRecord};

/// The type that S3 gives to an object stored without one.
const UNTYPED: &str = "binary/octet-stream";

impl Api {
    pub(super) async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<PutObjectOutput> {
        let mut input = request.input;
        self.store.read(&input.bucket, |_| Ok(()))?;
        let condition = WriteCondition {
            if_match: input.if_match.take(),
            if_none_match: input.if_none_match.take(),
        };
        condition.validate()?;
        let digests = Digests::new(
            digest::declared!(input)?,
            input.checksum_algorithm.as_ref(),
            input.content_md5.as_deref(),
            &request.headers,
            request.trailing_headers,
        )?;
        let written = self.receive(input.body.take(), &digests).await?;
        let headers = headers!(input);
        let object = single(input.key, headers, written);
        let bucket = input.bucket;
        let object = self.blocking(move |store| store.put(&bucket, object, &condition)).await?;
        let mut output = PutObjectOutput { e_tag: strong(&object.record.etag), ..<_>::default() };
        if let Some(checksum) = &object.record.checksum {
            answer!(output, checksum);
            output.checksum_type = checksum_type(checksum.composite);
        }
        Ok(output)
    }

    pub(super) fn get_object(&self, mut input: GetObjectInput) -> S3Result<GetObjectOutput> {
        let condition = read_condition!(input);
        let object = self.store.object(&input.bucket, &input.key)?;
        condition.check(&object.record)?;
        let view = View::new(&object, input.range, input.part_number)?;
        let mut output = describe!(GetObjectOutput, object, view, input.checksum_mode);
        output.body = Some(body(pieces(&object.blobs, &view.range)));
        Ok(output)
    }

    pub(super) fn head_object(&self, mut input: HeadObjectInput) -> S3Result<HeadObjectOutput> {
        let condition = read_condition!(input);
        let object = self.store.object(&input.bucket, &input.key)?;
        condition.check(&object.record)?;
        let view = View::new(&object, input.range, input.part_number)?;
        Ok(describe!(HeadObjectOutput, object, view, input.checksum_mode))
    }

    pub(super) async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<DeleteObjectOutput> {
        let DeleteObjectInput { bucket, key, if_match, .. } = request.input;
        let condition = WriteCondition { if_match, if_none_match: None };
        self.blocking(move |store| store.delete(&bucket, &key, &condition)).await?;
        Ok(DeleteObjectOutput::default())
    }

    pub(super) async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<DeleteObjectsOutput> {
        let DeleteObjectsInput { bucket, delete, .. } = request.input;
        self.store.read(&bucket, |_| Ok(()))?;
        if delete.objects.len() > 1000 {
            return Err(s3_error!(MalformedXML, "a request may delete at most 1000 objects"));
        }
        let quiet = delete.quiet.unwrap_or(false);
        self.blocking(move |store| {
            let (mut deleted, mut errors) = (vec![], vec![]);
            for ObjectIdentifier { key, e_tag, .. } in delete.objects {
                let if_match = e_tag.map(ETagCondition::ETag);
                let condition = WriteCondition { if_match, if_none_match: None };
                match store.delete(&bucket, &key, &condition) {
                    Ok(()) if quiet => {}
                    Ok(()) => deleted.push(DeletedObject { key: Some(key), ..<_>::default() }),
                    Err(error) => errors.push(Error {
                        key: Some(key),
                        code: Some(error.code().as_str().to_owned()),
                        message: error.message().map(str::to_owned),
                        ..<_>::default()
                    }),
                }
            }
            Ok(DeleteObjectsOutput {
                deleted: Some(deleted),
                errors: Some(errors),
                ..<_>::default()
            })
        })
        .await
    }
}

/// An object that was made by one request.
pub(super) fn single(key: String, headers: Headers, written: Written) -> Object {
    let record = ObjectRecord {
        key,
        etag: hex(&written.md5),
        modified: Moment::now(),
        headers,
        checksum: written.checksum,
        upload_id: None,
        segments: vec![written.blob.record()],
    };
    Object { record, blobs: vec![written.blob] }
}

/// The part of an object that a request selects.
struct View {
    range: ByteRange<u64>,
    content_range: Option<String>,
    parts_count: Option<i32>,
}

impl View {
    fn new(object: &Object, range: Option<Range>, part: Option<i32>) -> S3Result<Self> {
        let size = object.size();
        let (range, parts_count) = match (range, part) {
            (Some(_), Some(_)) => {
                return Err(s3_error!(
                    InvalidRequest,
                    "a request takes a range or a part number, not both"
                ));
            }
            (Some(Range::Suffix { .. }), None) if size == 0 => {
                return Err(s3_error!(InvalidRange));
            }
            (Some(range), None) => (range.check(size)?, None),
            (None, Some(number)) => part_range(object, number)?,
            (None, None) => {
                return Ok(Self { range: 0..size, content_range: None, parts_count: None });
            }
        };
        let content_range = (range.start < range.end)
            .then(|| format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1)));
        Ok(Self { range, content_range, parts_count })
    }

    fn length(&self) -> u64 {
        self.range.end - self.range.start
    }
}

/// The range of a part; an object that was uploaded in one request has one part.
fn part_range(object: &Object, number: i32) -> S3Result<(ByteRange<u64>, Option<i32>)> {
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let index = index.ok_or_else(|| s3_error!(InvalidArgument, "part numbers start at 1"))?;
    let blob = object.blobs.get(index).ok_or_else(|| s3_error!(InvalidRange))?;
    let start = object.blobs.iter().take(index).map(|blob| blob.size()).sum();
    let count = object.is_multipart().then(|| super::counted(object.blobs.len()));
    Ok((start..start + blob.size(), count))
}

pub(super) fn content_type(headers: &Headers) -> Option<String> {
    Some(headers.content_type.clone().unwrap_or_else(|| UNTYPED.to_owned()))
}
