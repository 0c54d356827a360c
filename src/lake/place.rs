//! The address of a lake, and its objects.

use crate::error::{Code, Error, Result};
use crate::storage::{Bucket, S3Settings, SourceUri};

/// A lake; cheap to clone.
#[derive(Debug, Clone)]
pub struct Lake {
    bucket: Bucket,
    name: String,
    /// `s3://bucket/` with the prefix and a slash, if there is one.
    uri: String,
    /// The prefix with a slash, or nothing.
    prefix: String,
}

impl Lake {
    /// A lake at an address, without a request.
    ///
    /// # Errors
    /// `CONFIG` if it is no bucket, or S3 is not configured.
    pub async fn connect(uri: &str, settings: &S3Settings) -> Result<Self> {
        let failed = |problem: &str| {
            Error::new(Code::Config, format!("lake.uri (LAKE_URI) `{uri}`: {problem}"))
        };
        let parsed: SourceUri = uri.parse().map_err(|error: Error| failed(error.message()))?;
        let SourceUri::S3 { bucket: name, prefix } = parsed else {
            return Err(failed("expected s3://bucket/prefix"));
        };
        let prefix = if prefix.is_empty() { prefix } else { format!("{prefix}/") };
        let uri = format!("s3://{name}/{prefix}");
        let bucket = Bucket::connect(name.as_str(), settings).await?;
        Ok(Self { bucket, name, uri, prefix })
    }

    /// Its address, with a slash at its end.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Its bucket.
    #[must_use]
    pub const fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// The name of its bucket.
    #[must_use]
    pub fn bucket_name(&self) -> &str {
        &self.name
    }

    /// The address of a key below the lake.
    #[must_use]
    pub fn uri_of(&self, key: &str) -> String {
        format!("{}{key}", self.uri)
    }

    /// The key below the lake that an address names; `None` if it is of another lake.
    #[must_use]
    pub fn key_of<'a>(&self, uri: &'a str) -> Option<&'a str> {
        uri.strip_prefix(&self.uri)
    }

    /// The whole key in its bucket.
    #[must_use]
    pub fn in_bucket(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Puts bytes under a key, replacing any object there.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        self.bucket.put_bytes(&self.in_bucket(key), bytes).await
    }

    /// The bytes under a key; `None` if there are none.
    ///
    /// # Errors
    /// `CONFLICT` if there are more than `most`, else as of any request to S3.
    pub async fn get(&self, key: &str, most: usize) -> Result<Option<Vec<u8>>> {
        self.bucket.get_bytes(&self.in_bucket(key), most).await
    }

    /// Removes an object. One that is not there is no error.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.bucket.delete(&self.in_bucket(key)).await
    }

    /// Removes the object of an address of this lake.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn delete_uri(&self, uri: &str) -> Result<()> {
        match self.key_of(uri) {
            Some(key) => self.delete(key).await,
            None => Ok(()),
        }
    }

    /// All keys below a folder of the lake, in their order.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn keys(&self, folder: &str) -> Result<Vec<String>> {
        let prefix = self.in_bucket(folder);
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.bucket.keys(&prefix, after.as_deref()).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.clone());
            found.extend(
                page.iter().filter_map(|key| key.strip_prefix(&self.prefix)).map(str::to_owned),
            );
        }
    }
}
