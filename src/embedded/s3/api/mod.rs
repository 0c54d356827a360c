//! The operations of S3 over the store, each as clients see it.

#[macro_use]
mod fields;

mod bucket;
mod complete;
mod copy;
mod list;
mod multipart;
mod object;
mod receive;
mod uploads;

use std::sync::Arc;

use async_trait::async_trait;
use s3s::dto::*;
use s3s::{S3, S3Error, S3Request, S3Response, S3Result};

use super::store::Store;

/// The one region the endpoint says it is in; requests may be signed for any.
const REGION: &str = "us-east-1";

/// The S3 operations of one store.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) store: Arc<Store>,
}

impl Api {
    /// Runs what reads or writes files where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || work(&store)).await.map_err(S3Error::internal_error)?
    }
}

/// The operations that are served; the trait answers `NotImplemented` to others.
/// Those that need no more than the index do not wait for anything.
macro_rules! operations {
    (
        waiting { $($method:ident: $input:ty => $output:ty;)+ }
        immediate { $($quick:ident: $asked:ty => $answered:ty;)+ }
        looking { $($look:ident: $looked:ty => $seen:ty;)+ }
    ) => {
        #[async_trait]
        impl S3 for Api {
            $(async fn $method(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                self.$method(request).await.map(S3Response::new)
            })+
            $(async fn $quick(&self, request: S3Request<$asked>) -> S3Result<S3Response<$answered>> {
                self.$quick(request).map(S3Response::new)
            })+
            $(async fn $look(&self, request: S3Request<$looked>) -> S3Result<S3Response<$seen>> {
                self.$look(&request).map(S3Response::new)
            })+
        }
    };
}

operations! {
    waiting {
        create_bucket: CreateBucketInput => CreateBucketOutput;
        delete_bucket: DeleteBucketInput => DeleteBucketOutput;
        put_object: PutObjectInput => PutObjectOutput;
        delete_object: DeleteObjectInput => DeleteObjectOutput;
        delete_objects: DeleteObjectsInput => DeleteObjectsOutput;
        copy_object: CopyObjectInput => CopyObjectOutput;
        create_multipart_upload: CreateMultipartUploadInput => CreateMultipartUploadOutput;
        upload_part: UploadPartInput => UploadPartOutput;
        upload_part_copy: UploadPartCopyInput => UploadPartCopyOutput;
        complete_multipart_upload: CompleteMultipartUploadInput => CompleteMultipartUploadOutput;
        abort_multipart_upload: AbortMultipartUploadInput => AbortMultipartUploadOutput;
    }
    immediate {
        list_buckets: ListBucketsInput => ListBucketsOutput;
        get_object: GetObjectInput => GetObjectOutput;
        head_object: HeadObjectInput => HeadObjectOutput;
        list_objects: ListObjectsInput => ListObjectsOutput;
        list_objects_v2: ListObjectsV2Input => ListObjectsV2Output;
        list_parts: ListPartsInput => ListPartsOutput;
        list_multipart_uploads: ListMultipartUploadsInput => ListMultipartUploadsOutput;
    }
    looking {
        head_bucket: HeadBucketInput => HeadBucketOutput;
        get_bucket_location: GetBucketLocationInput => GetBucketLocationOutput;
    }
}

/// A size as the protocol's types carry it.
fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn strong(etag: &str) -> Option<ETag> {
    Some(ETag::Strong(etag.to_owned()))
}

fn checksum_type(composite: bool) -> Option<ChecksumType> {
    let name = if composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    Some(ChecksumType::from_static(name))
}

/// How many entries a page may have: what is asked for, at most 1000.
fn page_limit(asked: Option<i32>) -> S3Result<usize> {
    let asked = usize::try_from(asked.unwrap_or(1000));
    let asked = asked.map_err(|_| s3s::s3_error!(InvalidArgument, "a page size is negative"))?;
    Ok(asked.min(1000))
}

fn counted(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
