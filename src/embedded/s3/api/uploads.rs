//! Listings of open uploads and of their parts.

use s3s::dto::*;
use s3s::{S3Request, S3Result};

use super::list::Names;
use super::{Api, checksum_type, counted, page_limit, signed, strong};
use crate::embedded::s3::digest::answer;
use crate::embedded::s3::listing::{Page, Query};
use crate::embedded::s3::record::{PartRecord, UploadRecord};
use crate::embedded::s3::store::Bucket as Stored;
use crate::embedded::s3::upload::UploadPath;

impl Api {
    pub(super) fn list_parts(
        &self,
        request: S3Request<ListPartsInput>,
    ) -> S3Result<ListPartsOutput> {
        let input = request.input;
        let path = UploadPath { bucket: input.bucket, key: input.key, id: input.upload_id };
        let limit = page_limit(input.max_parts)?;
        let marker = input.part_number_marker.unwrap_or_default();
        let (record, parts, more) = self.store.upload(&path, |upload| {
            let mut rest = upload.parts.range(marker.saturating_add(1)..).map(|(_, part)| part);
            let parts: Vec<_> = rest.by_ref().take(limit).map(|part| part.record.clone()).collect();
            Ok((upload.record.clone(), parts, limit > 0 && rest.next().is_some()))
        })?;
        Ok(ListPartsOutput {
            bucket: Some(path.bucket),
            key: Some(path.key),
            upload_id: Some(path.id),
            max_parts: Some(counted(limit)),
            part_number_marker: Some(marker),
            next_part_number_marker: parts.last().filter(|_| more).map(|part| part.number),
            is_truncated: Some(more),
            parts: Some(parts.iter().map(part).collect()),
            checksum_algorithm: algorithm(&record),
            checksum_type: record.algorithm.and_then(|_| checksum_type(record.composite)),
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            ..<_>::default()
        })
    }

    pub(super) fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<ListMultipartUploadsOutput> {
        let input = request.input;
        let query = Query {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after: input.key_marker.clone().unwrap_or_default(),
            limit: page_limit(input.max_uploads)?,
        };
        let marker = input.upload_id_marker.clone();
        let (page, last) =
            self.store.read(&input.bucket, |bucket| Ok(page(bucket, &query, marker.as_deref())))?;
        let names = Names::new(input.encoding_type.as_ref());
        let uploads = page.entries.iter().map(|(id, record)| MultipartUpload {
            key: Some(names.write(&record.key)),
            upload_id: Some(id.clone()),
            initiated: Some(record.initiated.timestamp()),
            checksum_algorithm: algorithm(record),
            checksum_type: record.algorithm.and_then(|_| checksum_type(record.composite)),
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            ..<_>::default()
        });
        Ok(ListMultipartUploadsOutput {
            uploads: Some(uploads.collect()),
            common_prefixes: Some(names.prefixes(&page)),
            is_truncated: Some(page.next.is_some()),
            next_key_marker: page.next.as_ref().map(|key| names.write(key)),
            next_upload_id_marker: page.next.as_ref().and(last),
            bucket: Some(input.bucket),
            prefix: input.prefix.map(|text| names.write(&text)),
            delimiter: input.delimiter.map(|text| names.write(&text)),
            key_marker: input.key_marker.map(|text| names.write(&text)),
            upload_id_marker: input.upload_id_marker,
            max_uploads: Some(counted(query.limit)),
            encoding_type: input.encoding_type,
            ..<_>::default()
        })
    }
}

/// Uploads in the order of key and id, since a key may have several; with the
/// id of the last one, or none when the page ends with a group.
fn page(
    bucket: &Stored,
    query: &Query,
    id_marker: Option<&str>,
) -> (Page<UploadRecord>, Option<String>) {
    let mut uploads: Vec<_> = bucket.uploads.iter().collect();
    uploads.sort_by(|(id, one), (other_id, other)| {
        (&one.record.key, id).cmp(&(&other.record.key, other_id))
    });
    let mut page = Page { entries: vec![], prefixes: vec![], next: None };
    let mut last = None;
    for (id, upload) in uploads {
        let key = &upload.record.key;
        let passed = match id_marker {
            Some(marker) => (key.as_str(), id.as_str()) <= (query.after.as_str(), marker),
            None => !query.after.is_empty() && *key <= query.after,
        };
        let group = query.group(key).filter(|_| key.starts_with(&query.prefix));
        let grouped = group.is_some_and(|group| {
            group == query.after || page.prefixes.last().is_some_and(|last| last == group)
        });
        if passed || grouped || !key.starts_with(&query.prefix) {
            continue;
        }
        if page.count() == query.limit {
            page.next = last.clone().map(|(name, _)| name);
            break;
        }
        if let Some(group) = group {
            page.prefixes.push(group.to_owned());
            last = Some((group.to_owned(), None));
        } else {
            page.entries.push((id.clone(), upload.record.clone()));
            last = Some((key.clone(), Some(id.clone())));
        }
    }
    (page, last.and_then(|(_, id)| id))
}

fn part(record: &PartRecord) -> Part {
    let mut part = Part {
        part_number: Some(record.number),
        e_tag: strong(&record.etag),
        size: Some(signed(record.segment.size)),
        last_modified: Some(record.modified.timestamp()),
        ..<_>::default()
    };
    if let Some(checksum) = &record.checksum {
        answer!(part, checksum);
    }
    part
}

fn algorithm(record: &UploadRecord) -> Option<ChecksumAlgorithm> {
    record.algorithm.map(|algorithm| ChecksumAlgorithm::from_static(algorithm.name()))
}
