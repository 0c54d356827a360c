//! Listings of objects.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3Result, s3_error};

use super::{Api, checksum_type, counted, signed, strong};
use crate::embedded::s3::index::Object as Stored;
use crate::embedded::s3::listing::{Query, percent_encode};

/// Most entries of a page.
const PAGE: usize = 1000;

impl Api {
    pub(super) fn list_objects_v2(
        &self,
        input: ListObjectsV2Input,
    ) -> S3Result<ListObjectsV2Output> {
        let after = match &input.continuation_token {
            Some(token) => decode(token)?,
            None => input.start_after.clone().unwrap_or_default(),
        };
        let limit = usize::try_from(input.max_keys.unwrap_or(i32::MAX))
            .map_err(|_| s3_error!(InvalidArgument, "max-keys is negative"))?;
        let query = Query {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after,
            limit: limit.min(PAGE),
        };
        let page = self.store.read(&input.bucket, |bucket| Ok(query.run(&bucket.objects)))?;
        let names = Names::new(input.encoding_type.as_ref());
        let prefixes = page.prefixes.iter().map(|name| CommonPrefix { prefix: names.write(name) });
        Ok(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: input.prefix.and_then(|text| names.write(&text)),
            delimiter: input.delimiter.and_then(|text| names.write(&text)),
            start_after: input.start_after.and_then(|text| names.write(&text)),
            max_keys: Some(counted(query.limit)),
            key_count: Some(counted(page.count())),
            continuation_token: input.continuation_token,
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.as_ref().map(|name| URL_SAFE_NO_PAD.encode(name)),
            contents: Some(
                page.entries.iter().map(|(key, object)| names.entry(key, object)).collect(),
            ),
            common_prefixes: Some(prefixes.collect()),
            encoding_type: input.encoding_type,
            ..<_>::default()
        })
    }
}

fn decode(token: &str) -> S3Result<String> {
    let name = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| s3_error!(InvalidArgument, "the continuation token is not one of ours"))
}

/// How names are written in a response: a client may ask for them encoded,
/// because XML cannot carry every character.
struct Names {
    encoded: bool,
}

impl Names {
    fn new(encoding: Option<&EncodingType>) -> Self {
        Self { encoded: encoding.is_some_and(|encoding| encoding.as_str() == EncodingType::URL) }
    }

    fn write(&self, name: &str) -> Option<String> {
        Some(if self.encoded { percent_encode(name) } else { name.to_owned() })
    }

    fn entry(&self, key: &str, object: &Stored) -> Object {
        let checksum = object.record.checksum.as_ref();
        let algorithm = checksum.map(|sum| ChecksumAlgorithm::from_static(sum.algorithm.name()));
        Object {
            key: self.write(key),
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
