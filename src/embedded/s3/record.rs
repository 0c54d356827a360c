//! The records beside the blobs: one JSON document for each object, open upload
//! and part.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use s3s::dto::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::{Algorithm, Checksum};

/// One object: its metadata, and the blobs that hold its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ObjectRecord {
    pub(super) key: String,
    pub(super) etag: String,
    pub(super) modified: Moment,
    pub(super) headers: Headers,
    pub(super) checksum: Option<Checksum>,
    /// The upload this object was assembled from: after a crash between the two
    /// writes it distinguishes a completed upload from an open one.
    pub(super) upload_id: Option<String>,
    pub(super) segments: Vec<SegmentRecord>,
}

/// A blob and its length; a multipart object has one for each part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SegmentRecord {
    pub(super) blob: String,
    pub(super) size: u64,
}

/// An upload that was created and neither completed nor aborted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct UploadRecord {
    pub(super) key: String,
    pub(super) initiated: Moment,
    pub(super) headers: Headers,
    pub(super) algorithm: Option<Algorithm>,
    /// Whether the checksum of the completed object is computed over the checksums
    /// of the parts, not over the whole content.
    pub(super) composite: bool,
}

/// One uploaded part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PartRecord {
    pub(super) number: i32,
    pub(super) etag: String,
    pub(super) modified: Moment,
    pub(super) checksum: Option<Checksum>,
    pub(super) segment: SegmentRecord,
}

/// The headers that a client stores with an object and reads back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) website_redirect_location: Option<String>,
    pub(super) expires: Option<Timestamp>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// A time in whole seconds, the resolution of `Last-Modified`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Moment(u64);

impl Moment {
    pub(super) fn now() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self(since.unwrap_or(Duration::ZERO).as_secs())
    }

    pub(super) fn timestamp(self) -> Timestamp {
        Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(self.0))
    }
}
