//! Operations on buckets.

use s3s::dto::*;
use s3s::{S3Request, S3Result};

use super::{Api, REGION};

impl Api {
    pub(super) async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<CreateBucketOutput> {
        let bucket = request.input.bucket;
        let location = Some(format!("/{bucket}"));
        self.blocking(move |store| store.create_bucket(&bucket)).await?;
        Ok(CreateBucketOutput { location })
    }

    pub(super) fn head_bucket(
        &self,
        request: &S3Request<HeadBucketInput>,
    ) -> S3Result<HeadBucketOutput> {
        self.store.read(&request.input.bucket, |_| Ok(()))?;
        Ok(HeadBucketOutput { bucket_region: Some(REGION.into()), ..<_>::default() })
    }

    /// Without a constraint, which is how S3 says that it is the first region.
    pub(super) fn get_bucket_location(
        &self,
        request: &S3Request<GetBucketLocationInput>,
    ) -> S3Result<GetBucketLocationOutput> {
        self.store.read(&request.input.bucket, |_| Ok(()))?;
        Ok(GetBucketLocationOutput::default())
    }

    pub(super) fn list_buckets(
        &self,
        request: S3Request<ListBucketsInput>,
    ) -> S3Result<ListBucketsOutput> {
        let prefix = request.input.prefix;
        let starts = prefix.clone().unwrap_or_default();
        let buckets = self.store.list_buckets().into_iter();
        let buckets = buckets.filter(|(name, _)| name.starts_with(&starts));
        let buckets = buckets.map(|(name, created)| Bucket {
            name: Some(name),
            creation_date: Some(created.timestamp()),
            ..<_>::default()
        });
        Ok(ListBucketsOutput { buckets: Some(buckets.collect()), prefix, ..<_>::default() })
    }

    pub(super) async fn delete_bucket(
        &self,
        request: S3Request<DeleteBucketInput>,
    ) -> S3Result<DeleteBucketOutput> {
        let bucket = request.input.bucket;
        self.blocking(move |store| store.delete_bucket(&bucket)).await?;
        Ok(DeleteBucketOutput::default())
    }
}
