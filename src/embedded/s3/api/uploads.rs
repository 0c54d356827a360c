//! Listings of open uploads.

use s3s::dto::*;
use s3s::{S3Result, s3_error};

use super::{Api, counted};

/// Most entries of a page.
const PAGE: usize = 1000;

impl Api {
    /// In the order of key and id, since a key may have several. There are no groups.
    pub(super) fn list_multipart_uploads(
        &self,
        input: ListMultipartUploadsInput,
    ) -> S3Result<ListMultipartUploadsOutput> {
        if input.delimiter.is_some() {
            return Err(s3_error!(NotImplemented, "uploads are listed without a delimiter"));
        }
        let limit = usize::try_from(input.max_uploads.unwrap_or(i32::MAX))
            .map_err(|_| s3_error!(InvalidArgument, "max-uploads is negative"))?
            .min(PAGE);
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = (
            input.key_marker.clone().unwrap_or_default(),
            input.upload_id_marker.clone().unwrap_or_default(),
        );
        let mut uploads = self.store.read(&input.bucket, |bucket| {
            let uploads = bucket.uploads.iter();
            let uploads = uploads.map(|(id, upload)| {
                (upload.record.key.clone(), id.clone(), upload.record.initiated.timestamp())
            });
            Ok(uploads.filter(|(key, ..)| key.starts_with(&prefix)).collect::<Vec<_>>())
        })?;
        uploads.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
        // Without an id the marker stands for all uploads of its key.
        uploads.retain(|(key, id, _)| {
            if after.1.is_empty() {
                after.0.is_empty() || *key > after.0
            } else {
                (key, id) > (&after.0, &after.1)
            }
        });
        let is_truncated = limit > 0 && uploads.len() > limit;
        uploads.truncate(limit);
        let last = uploads.last().filter(|_| is_truncated).cloned();
        let uploads = uploads.into_iter().map(|(key, id, initiated)| MultipartUpload {
            key: Some(key),
            upload_id: Some(id),
            initiated: Some(initiated),
            ..<_>::default()
        });
        Ok(ListMultipartUploadsOutput {
            uploads: Some(uploads.collect()),
            is_truncated: Some(is_truncated),
            next_key_marker: last.as_ref().map(|(key, ..)| key.clone()),
            next_upload_id_marker: last.map(|(_, id, _)| id),
            bucket: Some(input.bucket),
            prefix: input.prefix,
            key_marker: input.key_marker,
            upload_id_marker: input.upload_id_marker,
            max_uploads: Some(counted(limit)),
            ..<_>::default()
        })
    }
}
