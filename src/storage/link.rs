//! Links that let whoever has them download one object for a time.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;

use super::client::S3;
use super::failure::Target;
use super::settings::S3Settings;
use crate::error::{Error, Result};

/// Makes links to the objects of a bucket; cheap to clone.
#[derive(Debug, Clone)]
pub struct Links {
    s3: S3,
    bucket: String,
}

impl Links {
    /// Links to a bucket, at the server that these settings name.
    ///
    /// # Errors
    /// `Config` if the settings are not valid or no region is known.
    pub async fn connect(bucket: impl Into<String>, settings: &S3Settings) -> Result<Self> {
        Ok(Self { s3: S3::connect_for_links(settings).await?, bucket: bucket.into() })
    }

    /// A link to an object. Nothing is sent to S3, so that there may be no such object.
    ///
    /// # Errors
    /// `Config` if there are no credentials.
    pub async fn to(&self, key: &str, expires_in: Duration) -> Result<String> {
        let config = PresigningConfig::expires_in(expires_in)
            .map_err(|error| Error::internal("a link cannot last so long").with_source(error))?;
        let request = self.s3.client.get_object().bucket(&self.bucket).key(key);
        let target = Target { s3: &self.s3, action: "read", bucket: &self.bucket, key: Some(key) };
        let signed = request.presigned(config).await.map_err(|error| target.error(error))?;
        Ok(signed.uri().to_owned())
    }
}
