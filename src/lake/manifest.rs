//! What is said of file versions that are kept raw: a JSON object beside them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::place::Lake;
use crate::error::{Code, Error, Result};
use crate::storage::{KeptAt, ObjectVersion};

/// Most bytes of a manifest: that of a page of documents has a thousand objects, with keys of
/// at most 1,024 bytes.
const MOST: usize = 16 << 20;

/// A reading of a file version that was loaded, or of a page of small ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The table of its rows.
    pub dataset: String,
    /// The source that was searched.
    pub source: String,
    /// The run that loaded it to its end.
    pub run_id: Uuid,
    /// Its number in the ledger, and when that was given: in this order versions are loaded.
    pub file_id: i32,
    /// See `file_id`.
    pub started_at: DateTime<Utc>,
    /// Fingerprint of the mapping by which it was read; empty without one.
    pub mapping: String,
    /// What was done with its rows: `merge` or `mirror`.
    pub mode: String,
    /// The object; of a page its objects, in their order.
    pub objects: Vec<KeptObject>,
}

/// An object that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptObject {
    /// Its address at the source.
    pub uri: String,
    /// Its bucket there; empty for a file of a folder.
    pub bucket: String,
    /// Its key there.
    pub key: String,
    /// Its ETag there, without quotes.
    pub etag: String,
    /// Its version id there, empty where there is none.
    pub version_id: String,
    /// Its size.
    pub bytes: u64,
    /// The hex SHA-256 of its bytes.
    pub sha256: String,
    /// The key of the copy below the lake.
    pub raw: String,
    /// The ETag of the copy.
    pub raw_etag: String,
}

impl KeptObject {
    /// What is kept of a version.
    #[must_use]
    pub fn of(object: &ObjectVersion, raw: String, raw_etag: String, sha256: String) -> Self {
        Self {
            uri: object.to_string(),
            bucket: object.bucket.clone(),
            key: object.key.clone(),
            etag: object.etag.clone(),
            version_id: object.version_id.clone().unwrap_or_default(),
            bytes: object.size,
            sha256,
            raw,
            raw_etag,
        }
    }

    /// The version as it was listed, and where its bytes are. `manifest` is the key of its
    /// manifest below the lake.
    #[must_use]
    pub fn version(&self, lake: &Lake, manifest: &str) -> ObjectVersion {
        let kept = KeptAt {
            bucket: lake.bucket_name().to_owned(),
            key: lake.in_bucket(&self.raw),
            etag: self.raw_etag.clone(),
            sha256: self.sha256.clone(),
            manifest: manifest.to_owned(),
        };
        ObjectVersion {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            etag: self.etag.clone(),
            version_id: Some(self.version_id.clone()).filter(|id| !id.is_empty()),
            size: self.bytes,
            last_modified: None,
            kept_at: Some(kept.into()),
        }
    }
}

impl Manifest {
    /// Reads a manifest; `None` if there is none.
    ///
    /// # Errors
    /// `CONFLICT` if it is no manifest, those of S3.
    pub async fn read(lake: &Lake, key: &str) -> Result<Option<Self>> {
        let Some(bytes) = lake.get(key, MOST).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            let message = format!("{} is no manifest of raw objects", lake.uri_of(key));
            Error::new(Code::Conflict, message).with_source(error)
        })
    }

    /// Writes it; also over one of the same reading.
    ///
    /// # Errors
    /// Those of S3.
    pub async fn write(&self, lake: &Lake, key: &str) -> Result<()> {
        lake.bucket().put_short(&lake.in_bucket(key), self.bytes()?).await
    }

    /// Writes it, unless there is one; whether it has.
    ///
    /// # Errors
    /// Those of S3.
    pub async fn create(&self, lake: &Lake, key: &str) -> Result<bool> {
        lake.bucket().put_new(&lake.in_bucket(key), self.bytes()?).await
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self)
            .map_err(|error| Error::internal("a manifest cannot be written").with_source(error))
    }

    /// Whether another one is of the same reading.
    #[must_use]
    pub fn is_same_reading(&self, other: &Self) -> bool {
        let versions = |manifest: &Self| -> Vec<(String, String, String)> {
            let version = |object: &KeptObject| {
                (object.bucket.clone(), object.key.clone(), object.etag.clone())
            };
            manifest.objects.iter().map(version).collect()
        };
        (&self.dataset, &self.mapping) == (&other.dataset, &other.mapping)
            && versions(self) == versions(other)
    }
}
