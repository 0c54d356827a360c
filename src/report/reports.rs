//! Where reports go, and the rules they are made by.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures_util::future::BoxFuture;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::store;
use crate::error::{Error, Result};
use crate::storage::{Bucket, Links};

/// Files removed at a time.
const EXPIRED: i64 = 100;

/// Who is told that a report has ended.
pub trait Ending: Send + Sync {
    /// Called in the transaction that ends the report.
    ///
    /// # Errors
    /// The report has then not ended.
    fn ended<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        report: Uuid,
    ) -> BoxFuture<'a, Result<()>>;
}

/// The bucket of reports. Clones share it.
#[derive(Clone)]
pub struct Reports {
    pub(super) bucket: Bucket,
    links: Links,
    pub(super) prefix: String,
    /// Within this time the same request gets the report that is there.
    pub min_interval: Duration,
    /// After which files are removed; `None` is never.
    keep: Option<Duration>,
    ending: Option<Arc<dyn Ending>>,
}

impl std::fmt::Debug for Reports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reports")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Reports {
    /// Reports below a prefix of a bucket.
    #[must_use]
    pub fn new(bucket: Bucket, links: Links, prefix: &str, min_interval: Duration) -> Self {
        let prefix = prefix.trim_matches('/').to_owned();
        Self { bucket, links, prefix, min_interval, keep: None, ending: None }
    }

    /// The same, with files that are removed after a time.
    #[must_use]
    pub fn kept_for(self, keep: Option<Duration>) -> Self {
        Self { keep, ..self }
    }

    /// The same, with who is told that a report has ended.
    #[must_use]
    pub fn telling(self, ending: Option<Arc<dyn Ending>>) -> Self {
        Self { ending, ..self }
    }

    /// A link to the file of a report.
    ///
    /// # Errors
    /// `Config` if there are no credentials.
    pub async fn link(&self, key: &str, expires_in: Duration) -> Result<String> {
        self.links.to(key, expires_in).await
    }

    /// Removes files that are kept long enough, and what failed and canceled reports have left
    /// that ended so long ago, because S3 or the worker was gone; tells of how many reports.
    ///
    /// # Errors
    /// Those of S3 and of Postgres.
    pub async fn sweep(&self, pool: &PgPool, ended_ago: Duration) -> Result<usize> {
        let ended_ago = chrono::Duration::from_std(ended_ago)
            .map_err(|error| Error::internal("a time is too long").with_source(error))?;
        let mut removed = 0;
        loop {
            let left = store::leftovers(pool, Utc::now() - ended_ago, EXPIRED).await?;
            if left.is_empty() {
                break;
            }
            for (id, key) in left {
                self.clear_left(pool, id, &key).await?;
                removed += 1;
            }
        }
        Ok(removed + self.sweep_expired(pool).await?)
    }

    async fn sweep_expired(&self, pool: &PgPool) -> Result<usize> {
        let Some(keep) = self.keep else { return Ok(0) };
        let keep = chrono::Duration::from_std(keep)
            .map_err(|error| Error::internal("a time is too long").with_source(error))?;
        let mut removed = 0;
        loop {
            let expired = store::expired(pool, Utc::now() - keep, EXPIRED).await?;
            if expired.is_empty() {
                return Ok(removed);
            }
            for (id, key) in expired {
                // First nobody is given it any more. If removing it then fails, the file stays
                // behind, which does less harm than a link to nothing.
                store::expire(pool, id).await?;
                self.clear(&key).await?;
                removed += 1;
            }
        }
    }

    pub(super) async fn tell(&self, transaction: &mut PgConnection, report: Uuid) -> Result<()> {
        match &self.ending {
            Some(ending) => ending.ended(transaction, report).await,
            None => Ok(()),
        }
    }
}
