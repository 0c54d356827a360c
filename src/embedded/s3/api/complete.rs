//! Completing a multipart upload.

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Result, s3_error};

use super::{Api, checksum_type, strong};
use crate::embedded::s3::condition::WriteCondition;
use crate::embedded::s3::digest::{self, Algorithm, Checksum, answer};
use crate::embedded::s3::index::{Object, Part, Upload};
use crate::embedded::s3::record::UploadRecord;
use crate::embedded::s3::store::Store;
use crate::embedded::s3::upload::{Completion, UploadPath};

/// Smallest size of every part but the last.
const LEAST_PART: u64 = 5 * 1024 * 1024;

/// The object that the client expects.
struct Expected {
    parts: Vec<CompletedPart>,
    checksum: Option<(Algorithm, String)>,
    size: Option<i64>,
    condition: WriteCondition,
}

impl Api {
    pub(super) async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let input = request.input;
        let expected = Expected {
            checksum: digest::declared!(input)?,
            parts: input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default(),
            size: input.mpu_object_size,
            condition: WriteCondition {
                if_match: input.if_match,
                if_none_match: input.if_none_match,
            },
        };
        expected.condition.validate()?;
        let path = UploadPath { bucket: input.bucket, key: input.key, id: input.upload_id };
        let at = path.clone();
        let object = self.blocking(move |store| complete(store, &at, expected)).await?;
        let mut output = CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", path.bucket, path.key)),
            bucket: Some(path.bucket),
            key: Some(path.key),
            e_tag: strong(&object.record.etag),
            ..<_>::default()
        };
        if let Some(checksum) = &object.record.checksum {
            answer!(output, checksum);
            output.checksum_type = checksum_type(checksum.composite);
        }
        Ok(output)
    }
}

fn complete(store: &Store, path: &UploadPath, expected: Expected) -> S3Result<Arc<Object>> {
    let open =
        store.upload(path, |upload| Ok((upload.record.clone(), chosen(upload, &expected.parts)?)));
    let (record, parts) = match open {
        Ok(open) => open,
        Err(error) => return completed_before(store, path).ok_or(error),
    };
    let size: u64 = parts.iter().map(|part| part.blob.size()).sum();
    if expected.size.is_some_and(|expected| u64::try_from(expected) != Ok(size)) {
        return Err(s3_error!(InvalidRequest, "the parts have {size} bytes in all"));
    }
    let checksum = checksum(&record, &parts)?;
    verify(expected.checksum.as_ref(), checksum.as_ref())?;
    let completion = Completion { parts, checksum, condition: expected.condition };
    store.complete_upload(path, completion)
}

/// A client that did not receive the response completes again.
fn completed_before(store: &Store, path: &UploadPath) -> Option<Arc<Object>> {
    let object = store.object(&path.bucket, &path.key).ok()?;
    (object.record.upload_id.as_ref() == Some(&path.id)).then_some(object)
}

/// The parts that the client names, if they are still the same.
fn chosen(upload: &Upload, named: &[CompletedPart]) -> S3Result<Vec<Arc<Part>>> {
    if named.is_empty() {
        return Err(s3_error!(MalformedXML, "a completion must name at least one part"));
    }
    if !named.is_sorted_by(|one, next| one.part_number < next.part_number) {
        return Err(s3_error!(InvalidPartOrder));
    }
    let parts = named.iter().map(|named| {
        let number = named.part_number.unwrap_or_default();
        let part = upload.parts.get(&number).filter(|part| is_as_named(part, named));
        part.cloned().ok_or_else(|| {
            s3_error!(InvalidPart, "part {number} does not exist or has another ETag or checksum")
        })
    });
    let parts: Vec<_> = parts.collect::<S3Result<_>>()?;
    if parts.iter().rev().skip(1).any(|part| part.blob.size() < LEAST_PART) {
        return Err(s3_error!(EntityTooSmall));
    }
    Ok(parts)
}

fn is_as_named(part: &Part, named: &CompletedPart) -> bool {
    let same_tag = named.e_tag.as_ref().is_some_and(|tag| tag.value() == part.record.etag);
    let Ok(declared) = digest::declared!(named) else { return false };
    let same_checksum = match (declared, &part.record.checksum) {
        (Some((algorithm, value)), Some(kept)) if algorithm == kept.algorithm => {
            value == kept.value
        }
        (declared, _) => declared.is_none(),
    };
    same_tag && same_checksum
}

/// The checksum of the completed object. One over the whole content reads it
/// again.
fn checksum(record: &UploadRecord, parts: &[Arc<Part>]) -> S3Result<Option<Checksum>> {
    let Some(algorithm) = record.algorithm else { return Ok(None) };
    if record.composite {
        let sums: Option<Vec<_>> = parts.iter().map(|part| part.record.checksum.as_ref()).collect();
        return Ok(sums.and_then(|sums| digest::composite(algorithm, &sums)));
    }
    let mut hasher = algorithm.hasher();
    for part in parts {
        part.blob.read(|bytes| hasher.update(bytes)).map_err(S3Error::internal_error)?;
    }
    let value = digest::finalize(hasher);
    Ok(value.map(|value| Checksum { algorithm, value, composite: false }))
}

/// A composite value may have the number of parts or not.
fn verify(expected: Option<&(Algorithm, String)>, computed: Option<&Checksum>) -> S3Result<()> {
    let Some((algorithm, value)) = expected else { return Ok(()) };
    let matches = computed.is_some_and(|computed| {
        let bare = computed.value.split_once('-').map(|(bare, _)| bare);
        let bare = bare.filter(|_| computed.composite);
        computed.algorithm == *algorithm
            && (computed.value == *value || bare == Some(value.as_str()))
    });
    if matches {
        return Ok(());
    }
    Err(s3_error!(BadDigest, "the {} does not match the completed object", algorithm.name()))
}
