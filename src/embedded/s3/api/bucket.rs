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

    pub(super) fn head_bucket(&self, input: HeadBucketInput) -> S3Result<HeadBucketOutput> {
        let HeadBucketInput { bucket, .. } = input;
        self.store.read(&bucket, |_| Ok(()))?;
        Ok(HeadBucketOutput { bucket_region: Some(REGION.into()), ..<_>::default() })
    }
}
