//! Listings of objects.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};

use super::{Api, checksum_type, counted, page_limit, signed, strong};
use crate::embedded::s3::listing::{Page, Query, percent_encode};
use crate::embedded::s3::store::Object as Stored;

impl Api {
    pub(super) fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<ListObjectsV2Output> {
        let input = request.input;
        let after = match &input.continuation_token {
            Some(token) => decode(token)?,
            None => input.start_after.clone().unwrap_or_default(),
        };
        let query = Query {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after,
            limit: page_limit(input.max_keys)?,
        };
        let page = self.store.read(&input.bucket, |bucket| Ok(query.run(&bucket.objects)))?;
        let names = Names::new(input.encoding_type.as_ref());
        Ok(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: input.prefix.map(|text| names.write(&text)),
            delimiter: input.delimiter.map(|text| names.write(&text)),
            start_after: input.start_after.map(|text| names.write(&text)),
            max_keys: Some(counted(query.limit)),
            key_count: Some(counted(page.count())),
            continuation_token: input.continuation_token,
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.as_ref().map(|name| URL_SAFE_NO_PAD.encode(name)),
            contents: Some(names.contents(&page)),
            common_prefixes: Some(names.prefixes(&page)),
            encoding_type: input.encoding_type,
            ..<_>::default()
        })
    }

    /// The first version of the same listing: it goes on from names.
    pub(super) fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<ListObjectsOutput> {
        let input = request.input;
        let query = Query {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after: input.marker.clone().unwrap_or_default(),
            limit: page_limit(input.max_keys)?,
        };
        let page = self.store.read(&input.bucket, |bucket| Ok(query.run(&bucket.objects)))?;
        let names = Names::new(input.encoding_type.as_ref());
        Ok(ListObjectsOutput {
            name: Some(input.bucket),
            prefix: input.prefix.map(|text| names.write(&text)),
            delimiter: input.delimiter.map(|text| names.write(&text)),
            marker: input.marker.map(|text| names.write(&text)),
            max_keys: Some(counted(query.limit)),
            is_truncated: Some(page.next.is_some()),
            next_marker: page.next.as_ref().map(|name| names.write(name)),
            contents: Some(names.contents(&page)),
            common_prefixes: Some(names.prefixes(&page)),
            encoding_type: input.encoding_type,
            ..<_>::default()
        })
    }
}

fn decode(token: &str) -> S3Result<String> {
    let name = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| s3_error!(InvalidArgument, "the continuation token is not one of ours"))
}

/// How names are written in an answer: a client may ask for them encoded,
/// because XML cannot carry every character.
pub(super) struct Names {
    encoded: bool,
}

impl Names {
    pub(super) fn new(encoding: Option<&EncodingType>) -> Self {
        Self { encoded: encoding.is_some_and(|encoding| encoding.as_str() == EncodingType::URL) }
    }

    pub(super) fn write(&self, name: &str) -> String {
        if self.encoded { percent_encode(name) } else { name.to_owned() }
    }

    pub(super) fn prefixes<T>(&self, page: &Page<T>) -> Vec<CommonPrefix> {
        let prefixes = page.prefixes.iter();
        prefixes.map(|name| CommonPrefix { prefix: Some(self.write(name)) }).collect()
    }

    fn contents(&self, page: &Page<Arc<Stored>>) -> Vec<Object> {
        page.entries.iter().map(|(key, object)| self.entry(key, object)).collect()
    }

    fn entry(&self, key: &str, object: &Stored) -> Object {
        let checksum = object.record.checksum.as_ref();
        let algorithm = checksum.map(|sum| ChecksumAlgorithm::from_static(sum.algorithm.name()));
        Object {
            key: Some(self.write(key)),
            e_tag: strong(&object.record.etag),
            size: Some(signed(object.size())),
            last_modified: Some(object.record.modified.timestamp()),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
            checksum_algorithm: algorithm.map(|algorithm| vec![algorithm]),
            checksum_type: checksum.and_then(|sum| checksum_type(sum.composite)),
            ..<_>::default()
        }
    }
}
