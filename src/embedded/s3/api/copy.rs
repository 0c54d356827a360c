//! Copies within the store: of an object, and of a range of one as a part of an upload.

use std::ops::Range as ByteRange;
use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Result, s3_error};

use super::multipart::part_number;
use super::object::single;
use super::receive::Digests;
use super::{Api, strong};
use crate::embedded::s3::blob::{Written, body, pieces};
use crate::embedded::s3::condition::{ReadCondition, WriteCondition};
use crate::embedded::s3::index::Object;
use crate::embedded::s3::upload::UploadPath;

/// The conditions on the source of a copy.
macro_rules! source_condition {
    ($input:expr) => {
        ReadCondition {
            if_match: $input.copy_source_if_match.take(),
            if_none_match: $input.copy_source_if_none_match.take(),
            if_modified_since: $input.copy_source_if_modified_since.take(),
            if_unmodified_since: $input.copy_source_if_unmodified_since.take(),
        }
    };
}

impl Api {
    pub(super) async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<CopyObjectOutput> {
        let mut input = request.input;
        self.store.read(&input.bucket, |_| Ok(()))?;
        let source = self.source(&input.copy_source, &source_condition!(input))?;
        let if_none_match = match request.headers.get(http::header::IF_NONE_MATCH) {
            Some(value) if value.as_bytes() == b"*" => Some(ETagCondition::Any),
            Some(_) => return Err(s3_error!(NotImplemented, "If-None-Match of a copy must be *")),
            None => None,
        };
        let condition = WriteCondition { if_match: None, if_none_match };
        let replaces = input
            .metadata_directive
            .as_ref()
            .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        let headers = match replaces {
            true => headers!(input),
            false => source.record.headers.clone(),
        };
        let written = self.copied(&source, 0..source.size()).await?;
        let object = single(input.key, headers, written);
        let bucket = input.bucket;
        let object = self.blocking(move |store| store.put(&bucket, object, &condition)).await?;
        let result = CopyObjectResult {
            e_tag: strong(&object.record.etag),
            last_modified: Some(object.record.modified.timestamp()),
            ..<_>::default()
        };
        Ok(CopyObjectOutput { copy_object_result: Some(result), ..<_>::default() })
    }

    pub(super) async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<UploadPartCopyOutput> {
        let mut input = request.input;
        let number = part_number(input.part_number)?;
        let path = UploadPath { bucket: input.bucket, key: input.key, id: input.upload_id };
        self.store.upload(&path, |_| Ok(()))?;
        let source = self.source(&input.copy_source, &source_condition!(input))?;
        let range = match &input.copy_source_range {
            Some(range) => part_of(range, source.size())?,
            None => 0..source.size(),
        };
        let written = self.copied(&source, range).await?;
        let record = self.store_part(path, number, written).await?;
        let result = CopyPartResult {
            e_tag: strong(&record.etag),
            last_modified: Some(record.modified.timestamp()),
            ..<_>::default()
        };
        Ok(UploadPartCopyOutput { copy_part_result: Some(result), ..<_>::default() })
    }

    fn source(&self, source: &CopySource, condition: &ReadCondition) -> S3Result<Arc<Object>> {
        let CopySource::Bucket { bucket, key, version_id: None } = source else {
            return Err(s3_error!(NotImplemented, "a copy is of a key of a bucket of this store"));
        };
        let object = self.store.object(bucket, key)?;
        match condition.check(&object.record) {
            Ok(()) => Ok(object),
            // Unlike a read, a copy has no answer that says so.
            Err(error) if *error.code() == S3ErrorCode::NotModified => {
                Err(s3_error!(PreconditionFailed, "the source is the one that was not wanted"))
            }
            Err(error) => Err(error),
        }
    }

    /// The bytes as content of their own: each object has its blobs for itself.
    async fn copied(&self, source: &Object, range: ByteRange<u64>) -> S3Result<Written> {
        let mut digests = Digests::new(None, None, None, &http::HeaderMap::new(), None)?;
        digests.algorithm = source.record.checksum.as_ref().map(|checksum| checksum.algorithm);
        self.receive(Some(body(pieces(&source.blobs, &range))), &digests).await
    }
}

/// The range `bytes=first-last` of a source of that size.
fn part_of(range: &str, size: u64) -> S3Result<ByteRange<u64>> {
    let parsed = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let parsed = parsed
        .and_then(|(first, last)| Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?)));
    match parsed {
        Some((first, last)) if first <= last && last < size => Ok(first..last + 1),
        Some(_) => Err(s3_error!(InvalidRange)),
        None => Err(s3_error!(InvalidArgument, "the range of a source is bytes=first-last")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_source_is_within_it() {
        assert_eq!(part_of("bytes=0-4", 5).unwrap(), 0..5);
        assert_eq!(part_of("bytes=2-2", 5).unwrap(), 2..3);
        for bad in ["bytes=0-5", "bytes=3-2", "bytes=-2", "bytes=2-", "0-4", ""] {
            assert!(part_of(bad, 5).is_err(), "{bad}");
        }
    }
}
