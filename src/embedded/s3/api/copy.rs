//! Copies within the store.

use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Result, s3_error};

use super::object::single;
use super::{Api, checksum_type, strong};
use crate::embedded::s3::blob::{BlobWriter, Piece, Written, pieces};
use crate::embedded::s3::condition::WriteCondition;
use crate::embedded::s3::digest::{Algorithm, answer};

impl Api {
    pub(super) async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<CopyObjectOutput> {
        let mut input = request.input;
        let (from_bucket, from_key) = source(&input.copy_source)?;
        self.store.read(&input.bucket, |_| Ok(()))?;
        let object = self.store.object(from_bucket, from_key)?;
        source_condition!(input).check_source(&object.record)?;
        let replaces = input
            .metadata_directive
            .as_ref()
            .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        if !replaces && (from_bucket, from_key) == (input.bucket.as_str(), input.key.as_str()) {
            return Err(s3_error!(
                InvalidRequest,
                "a copy of an object onto itself has to replace its metadata"
            ));
        }
        let asked = input.checksum_algorithm.as_ref();
        let asked = asked.map(|name| Algorithm::parse(name.as_str())).transpose()?;
        let kept = object.record.checksum.as_ref().map(|checksum| checksum.algorithm);
        let all = pieces(&object.blobs, &(0..object.size()));
        let written = self.rewrite(all, asked.or(kept)).await?;
        let headers = if replaces { headers!(input) } else { object.record.headers.clone() };
        let copy = single(input.key, headers, written);
        let bucket = input.bucket;
        let condition = WriteCondition::default();
        let copy = self.blocking(move |store| store.put(&bucket, copy, &condition)).await?;
        let mut result = CopyObjectResult {
            e_tag: strong(&copy.record.etag),
            last_modified: Some(copy.record.modified.timestamp()),
            ..<_>::default()
        };
        if let Some(checksum) = &copy.record.checksum {
            answer!(result, checksum);
            result.checksum_type = checksum_type(checksum.composite);
        }
        Ok(CopyObjectOutput { copy_object_result: Some(result), ..<_>::default() })
    }

    /// Writes pieces of other objects as new content of their own.
    pub(super) async fn rewrite(
        &self,
        pieces: Vec<Piece>,
        algorithm: Option<Algorithm>,
    ) -> S3Result<Written> {
        self.blocking(move |store| {
            let write = || {
                let mut writer = BlobWriter::create(&store.layout, algorithm)?;
                writer.append(&pieces)?;
                writer.finish()
            };
            write().map_err(S3Error::internal_error)
        })
        .await
    }
}

pub(super) fn source(source: &CopySource) -> S3Result<(&str, &str)> {
    match source {
        CopySource::Bucket { bucket, key, version_id: None } => Ok((bucket, key)),
        _ => Err(s3_error!(NotImplemented, "a copy takes bucket/key as its source, no version")),
    }
}
