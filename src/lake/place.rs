//! The address of a lake, and its objects.

use crate::error::{Code, Error, Result};
use crate::storage::{Bucket, S3Settings, SourceUri};

/// A lake; cheap to clone.
#[derive(Debug, Clone)]
pub struct Lake {
    bucket: Bucket,
    pub(super) name: String,
    /// `s3://bucket/` with the prefix and a slash, if there is one.
    uri: String,
    /// The prefix with a slash, or nothing.
    pub(super) prefix: String,
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

    /// Checks that a source has nothing of the lake: what is kept would be loaded as new, and be
    /// kept again.
    ///
    /// # Errors
    /// `CONFIG` if one of them is below the other.
    pub fn check_apart(&self, source: &SourceUri) -> Result<()> {
        let SourceUri::S3 { bucket, prefix } = source else { return Ok(()) };
        let slash = if prefix.is_empty() { "" } else { "/" };
        let folder = format!("s3://{bucket}/{prefix}{slash}");
        let problem = match &self.uri {
            own if own.starts_with(&folder) => "is below",
            own if folder.starts_with(own.as_str()) => "holds",
            _ => return Ok(()),
        };
        let message = format!(
            "the lake {} {problem} the source {source}, and what it keeps would be loaded again by \
             each run; set LAKE_URI to a prefix beside that of the source, or to another bucket",
            self.uri
        );
        Err(Error::new(Code::Config, message))
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
    /// `CONFLICT` if it is of another lake, else as of any request to S3.
    pub async fn delete_uri(&self, uri: &str) -> Result<()> {
        self.delete(self.require_key(uri)?).await
    }

    /// The key below the lake that an address names.
    ///
    /// # Errors
    /// `CONFLICT` if it is of another lake.
    pub fn require_key<'a>(&self, uri: &'a str) -> Result<&'a str> {
        self.key_of(uri).ok_or_else(|| {
            let message = format!("{uri} is in another lake than {}", self.uri);
            Error::new(Code::Conflict, message)
        })
    }

    /// All keys of the lake that begin so, in their order.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn keys(&self, begin: &str) -> Result<Vec<String>> {
        self.keys_where(begin, |_| true).await
    }

    /// Likewise, those that are `wanted`; no others are held.
    ///
    /// # Errors
    /// As of any request to S3.
    pub async fn keys_where(
        &self,
        begin: &str,
        wanted: impl Fn(&str) -> bool + Send,
    ) -> Result<Vec<String>> {
        let prefix = self.in_bucket(begin);
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.bucket.keys(&prefix, after.as_deref()).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.clone());
            let own = page.iter().filter_map(|key| key.strip_prefix(&self.prefix));
            found.extend(own.filter(|key| wanted(key)).map(str::to_owned));
        }
    }
}
