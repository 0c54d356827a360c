//! One version of one object.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::error::{Code, Error};

/// One version of one object, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The bucket; empty for a local file.
    pub bucket: String,
    /// The whole key within the bucket, or the absolute path of a local file.
    pub key: String,
    /// The `ETag` without its quotes; `<size>-<mtime in ns>-<inode>` for a local file.
    pub etag: String,
    /// The version id, where the bucket is versioned and the listing has it.
    pub version_id: Option<String>,
    /// Size in bytes.
    pub size: u64,
    /// When this version was written.
    pub last_modified: Option<DateTime<Utc>>,
    /// Where its bytes are, if not there any more.
    pub kept_at: Option<Arc<KeptAt>>,
}

/// A copy of a version, under another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAt {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Its own `ETag`, without quotes.
    pub etag: String,
    /// The hex SHA-256 of its bytes.
    pub sha256: String,
    /// The key of what describes it, as its owner names it.
    pub manifest: String,
}

/// The object's address: `s3://bucket/key` or `file:///path`.
impl fmt::Display for ObjectVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bucket.is_empty() {
            write!(f, "file://{}", self.key)
        } else {
            write!(f, "s3://{}/{}", self.bucket, self.key)
        }
    }
}

impl ObjectVersion {
    /// The version to read in its place: the copy of it, if it is kept.
    pub(super) fn at_hand(&self) -> Self {
        match &self.kept_at {
            None => self.clone(),
            Some(kept) => Self {
                bucket: kept.bucket.clone(),
                key: kept.key.clone(),
                etag: kept.etag.clone(),
                version_id: None,
                kept_at: None,
                ..self.clone()
            },
        }
    }

    /// The error for an object that is no longer the listed version.
    pub(super) fn overwritten(&self) -> Error {
        let message = format!("{self} was overwritten since it was listed: list it again");
        Error::new(Code::Conflict, message)
    }
}

/// An `ETag` as S3 sends it, without the quotes.
pub(super) fn unquoted(etag: &str) -> &str {
    etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"')).unwrap_or(etag)
}

/// An `ETag` as `If-Match` needs it.
pub(super) fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_lose_their_quotes_and_get_them_back() {
        for plain in ["9b2cf535f27731c974343645a3985328", "9b2cf535f27731c974343645a3985328-3", ""]
        {
            assert_eq!(unquoted(&quoted(plain)), plain);
            assert_eq!(unquoted(plain), plain);
        }
        assert_eq!(quoted("ab"), "\"ab\"");
        assert_eq!(unquoted("\"a"), "\"a");
    }
}
