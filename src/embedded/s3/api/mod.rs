//! The S3 operations that are served, as clients see them.

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

/// The region the endpoint reports; requests may be signed for any.
const REGION: &str = "us-east-1";

/// The S3 operations of one store.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) store: Arc<Store>,
}

impl Api {
    /// Runs file input and output on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || work(&store)).await.map_err(S3Error::internal_error)?
    }
}

/// The operations that are served; the trait answers `NotImplemented` to others.
/// The immediate ones need the index only and wait for nothing.
macro_rules! operations {
    (
        waiting { $($method:ident: $input:ty => $output:ty;)+ }
        immediate { $($quick:ident: $asked:ty => $answered:ty;)+ }
    ) => {
        #[async_trait]
        impl S3 for Api {
            $(async fn $method(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                self.$method(request).await.map(S3Response::new)
            })+
            $(async fn $quick(&self, request: S3Request<$asked>) -> S3Result<S3Response<$answered>> {
                self.$quick(request.input).map(S3Response::new)
            })+
        }
    };
}

operations! {
    waiting {
        create_bucket: CreateBucketInput => CreateBucketOutput;
        put_object: PutObjectInput => PutObjectOutput;
        copy_object: CopyObjectInput => CopyObjectOutput;
        delete_object: DeleteObjectInput => DeleteObjectOutput;
        delete_objects: DeleteObjectsInput => DeleteObjectsOutput;
        create_multipart_upload: CreateMultipartUploadInput => CreateMultipartUploadOutput;
        upload_part: UploadPartInput => UploadPartOutput;
        upload_part_copy: UploadPartCopyInput => UploadPartCopyOutput;
        complete_multipart_upload: CompleteMultipartUploadInput => CompleteMultipartUploadOutput;
        abort_multipart_upload: AbortMultipartUploadInput => AbortMultipartUploadOutput;
    }
    immediate {
        head_bucket: HeadBucketInput => HeadBucketOutput;
        get_object: GetObjectInput => GetObjectOutput;
        head_object: HeadObjectInput => HeadObjectOutput;
        list_objects_v2: ListObjectsV2Input => ListObjectsV2Output;
        list_multipart_uploads: ListMultipartUploadsInput => ListMultipartUploadsOutput;
    }
}

/// A size as the protocol's types hold it.
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

fn counted(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
