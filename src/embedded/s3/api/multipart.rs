//! Multipart uploads up to their completion.

use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};

use super::receive::Digests;
use super::{Api, checksum_type, strong};
use crate::embedded::s3::blob::Written;
use crate::embedded::s3::digest::{self, Algorithm, answer, hex};
use crate::embedded::s3::index::Part;
use crate::embedded::s3::record::{Moment, PartRecord, UploadRecord};
use crate::embedded::s3::upload::UploadPath;

impl Api {
    pub(super) async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let mut input = request.input;
        let named = input.checksum_algorithm.as_ref();
        let algorithm = named.map(|name| Algorithm::parse(name.as_str())).transpose()?;
        let composite = composite(algorithm, input.checksum_type.as_ref())?;
        let record = UploadRecord {
            key: input.key.clone(),
            initiated: Moment::now(),
            headers: headers!(input),
            algorithm,
            composite,
        };
        let bucket = input.bucket.clone();
        let id = self.blocking(move |store| store.create_upload(&bucket, record)).await?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            checksum_type: algorithm.and_then(|_| checksum_type(composite)),
            checksum_algorithm: input.checksum_algorithm,
            ..<_>::default()
        })
    }

    pub(super) async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<UploadPartOutput> {
        let mut input = request.input;
        let number = part_number(input.part_number)?;
        let declared = digest::declared!(input)?;
        let path = UploadPath { bucket: input.bucket, key: input.key, id: input.upload_id };
        let algorithm = self.store.upload(&path, |upload| Ok(upload.record.algorithm))?;
        if let (Some(expected), Some((given, _))) = (algorithm, &declared)
            && expected != *given
        {
            return Err(s3_error!(
                InvalidRequest,
                "the upload was created with {}, the part has {}",
                expected.name(),
                given.name()
            ));
        }
        let mut digests = Digests::new(
            declared,
            input.checksum_algorithm.as_ref(),
            input.content_md5.as_deref(),
            &request.headers,
            request.trailing_headers,
        )?;
        digests.algorithm = algorithm.or(digests.algorithm);
        let written = self.receive(input.body.take(), &digests).await?;
        let record = self.store_part(path, number, written).await?;
        let mut output = UploadPartOutput { e_tag: strong(&record.etag), ..<_>::default() };
        if let Some(checksum) = &record.checksum {
            answer!(output, checksum);
        }
        Ok(output)
    }

    pub(super) async fn store_part(
        &self,
        path: UploadPath,
        number: i32,
        written: Written,
    ) -> S3Result<PartRecord> {
        let record = PartRecord {
            number,
            etag: hex(&written.md5),
            modified: Moment::now(),
            checksum: written.checksum,
            segment: written.blob.record(),
        };
        let part = Part { record: record.clone(), blob: written.blob };
        self.blocking(move |store| store.put_part(&path, part)).await?;
        Ok(record)
    }

    pub(super) async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<AbortMultipartUploadOutput> {
        let AbortMultipartUploadInput { bucket, key, upload_id: id, .. } = request.input;
        let path = UploadPath { bucket, key, id };
        self.blocking(move |store| store.abort_upload(&path)).await?;
        Ok(AbortMultipartUploadOutput::default())
    }
}

pub(super) fn part_number(number: i32) -> S3Result<i32> {
    if (1..=10_000).contains(&number) {
        Ok(number)
    } else {
        Err(s3_error!(InvalidArgument, "a part number is between 1 and 10000"))
    }
}

/// Whether the checksum of the completed object is computed over those of its
/// parts. The algorithms differ in what they support and in their defaults.
fn composite(algorithm: Option<Algorithm>, asked: Option<&ChecksumType>) -> S3Result<bool> {
    let asked = asked.map(|kind| kind.as_str() == ChecksumType::COMPOSITE);
    match (algorithm, asked) {
        (Some(Algorithm::Crc64Nvme), Some(true)) => {
            Err(s3_error!(InvalidRequest, "CRC64NVME supports checksums of the whole object only"))
        }
        (Some(Algorithm::Sha1 | Algorithm::Sha256), Some(false)) => {
            Err(s3_error!(InvalidRequest, "SHA1 and SHA256 support composite checksums only"))
        }
        (Some(Algorithm::Crc64Nvme), None) => Ok(false),
        (_, asked) => Ok(asked.unwrap_or(true)),
    }
}
