//! Copies file versions to the lake. A version has its day in the ledger before it is copied, so
//! that an attempt after a crash finds the copy of the one before.

use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use tokio::sync::{Semaphore, mpsc};

use super::RawOptions;
use crate::error::{Code, Error, Result};
use crate::lake::{KeptObject, Lake, RawNames, day_of};
use crate::load::failure::LoadResult;
use crate::load::ledger::raw::{self, Claim};
use crate::storage::{CopySizes, KeptAt, ObjectVersion, Source};
use crate::telemetry::trace;

/// Copies, or manifests, that are written at a time.
pub(super) const AT_A_TIME: usize = 16;
/// Bytes of an object from which it is written alone, where the server does not copy it.
const LARGE: u64 = 1 << 20;

/// Keeps the versions of a source.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(super) lake: Lake,
    pub(super) source: Source,
    pub(super) pool: PgPool,
    /// Copies under way; one that goes through this process takes all of it.
    room: Semaphore,
}

/// A version that is kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) object: KeptObject,
    /// The day of the reading's manifest.
    pub(super) day: NaiveDate,
    /// Its manifest, where it is one of those that are loaded again.
    pub(super) manifest: Option<String>,
    bytes: Bytes,
}

/// What is known of the bytes of a copy.
#[derive(Debug, Clone)]
enum Bytes {
    /// The copy has the ETag of the version.
    Same,
    /// Their SHA-256.
    Digest(String),
    /// Nothing yet.
    Unread,
}

/// Versions that are being copied, in their order.
#[derive(Debug)]
pub(crate) struct Keeps(mpsc::Receiver<LoadResult<Kept>>);

impl Keeps {
    /// The next one, in the order given.
    ///
    /// # Errors
    /// Why it is not kept.
    pub(crate) async fn next(&mut self) -> LoadResult<Kept> {
        let ended = || Err(Error::internal("keeping file versions ended early").into());
        self.0.recv().await.unwrap_or_else(ended)
    }
}

impl Keeper {
    pub(crate) fn new(options: &RawOptions, source: Source, pool: PgPool) -> Self {
        let room = Semaphore::new(AT_A_TIME);
        Self { lake: options.lake.clone(), source, pool, room }
    }

    /// Keeps these versions, several at a time.
    pub(crate) fn keep_all(
        self: &Arc<Self>,
        dataset: &'static str,
        objects: Vec<ObjectVersion>,
    ) -> Keeps {
        // With room for all: copies under way hold `room`, which whoever is to receive these may
        // wait for.
        let (kept_in, kept) = mpsc::channel(objects.len().max(1));
        let keeper = Arc::clone(self);
        trace::spawn(async move {
            let claims = match keeper.claim(dataset, &objects).await {
                Ok(claims) => claims,
                Err(error) => return drop(kept_in.send(Err(error)).await),
            };
            let copying = stream::iter(objects.into_iter().zip(claims))
                .map(|(object, claim)| {
                    let keeper = Arc::clone(&keeper);
                    async move { Ok(keeper.keep(dataset, &object, claim).await?) }
                })
                .buffered(AT_A_TIME);
            let mut copying = std::pin::pin!(copying);
            loop {
                let kept = tokio::select! {
                    biased;
                    () = kept_in.closed() => return,
                    kept = copying.next() => kept,
                };
                let Some(kept) = kept else { return };
                if kept_in.send(kept).await.is_err() {
                    return;
                }
            }
        });
        Keeps(kept)
    }

    pub(super) async fn claim(
        &self,
        dataset: &str,
        objects: &[ObjectVersion],
    ) -> LoadResult<Vec<Claim>> {
        if objects.iter().all(|object| object.kept_at.is_some()) {
            let none = Claim { day: NaiveDate::default(), known: None };
            return Ok(vec![none; objects.len()]);
        }
        let mut connection = self.pool.acquire().await?;
        raw::claim(&mut connection, dataset, objects).await
    }

    /// Copies a version, unless a copy of it is there. Its SHA-256 is not known yet.
    pub(super) async fn keep(
        &self,
        dataset: &str,
        object: &ObjectVersion,
        claim: Claim,
    ) -> Result<Kept> {
        if let Some(kept) = &object.kept_at {
            return self.kept_before(object, kept);
        }
        let names = RawNames::of(dataset, claim.day, object);
        let known = claim.known.as_deref().and_then(|uri| self.lake.key_of(uri));
        let bucket = self.lake.bucket();
        let whole = object.size >= LARGE && !bucket.copies_from(&self.source);
        let share = u32::try_from(if whole { AT_A_TIME } else { 1 }).unwrap_or(1);
        let closed = |error| Error::internal("the load is ending").with_source(error);
        let _room = self.room.acquire_many(share).await.map_err(closed)?;
        let mut failed = None;
        for name in known.into_iter().chain([names.short.as_str(), names.long.as_str()]) {
            let key = self.lake.in_bucket(name);
            match bucket.copy(&self.source, object, &key, CopySizes::default()).await {
                Ok(copy) => {
                    let bytes = match copy.sha256 {
                        _ if copy.etag == object.etag => Bytes::Same,
                        Some(digest) => Bytes::Digest(digest),
                        None => Bytes::Unread,
                    };
                    let object = KeptObject::of(object, name.to_owned(), copy.etag, String::new());
                    return Ok(Kept { object, day: claim.day, manifest: None, bytes });
                }
                // The name is taken by another version.
                Err(error) if error.code() == Code::Conflict => failed = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failed.unwrap_or_else(|| Error::internal("a version has no name in the lake")))
    }

    fn kept_before(&self, object: &ObjectVersion, kept: &KeptAt) -> Result<Kept> {
        let foreign = || {
            let message = format!("{object} is kept in another lake than {}", self.lake.uri());
            Error::new(Code::Conflict, message)
        };
        let key = format!("s3://{}/{}", kept.bucket, kept.key);
        let key = self.lake.key_of(&key).ok_or_else(foreign)?.to_owned();
        let day = day_of(&kept.manifest).ok_or_else(foreign)?;
        Ok(Kept {
            object: KeptObject::of(object, key, kept.etag.clone(), kept.sha256.clone()),
            day,
            manifest: Some(kept.manifest.clone()),
            bytes: Bytes::Digest(kept.sha256.clone()),
        })
    }

    /// Gives a copy its SHA-256: that of the bytes that were loaded, if they are known. Where the
    /// ETag does not say that the copy has the same, it is read.
    ///
    /// # Errors
    /// `CONFLICT` if the copy has other bytes, else those of S3.
    pub(super) async fn settle(&self, kept: &mut Kept, loaded: Option<String>) -> Result<()> {
        let copied = match (&kept.bytes, &loaded) {
            (Bytes::Same, Some(loaded)) => loaded.clone(),
            (Bytes::Digest(digest), _) => digest.clone(),
            (Bytes::Same | Bytes::Unread, _) => self.digest(&kept.object).boxed().await?,
        };
        if loaded.is_some_and(|loaded| loaded != copied) {
            return Err(self.differs(&kept.object));
        }
        kept.bytes = Bytes::Digest(copied.clone());
        kept.object.sha256 = copied;
        Ok(())
    }

    /// Likewise several copies, which have the SHA-256 of what was loaded.
    pub(crate) async fn settle_all(&self, kept: impl Iterator<Item = &mut Kept>) -> Result<()> {
        let settling: Vec<BoxFuture<'_, Result<()>>> = kept
            .map(|kept| {
                let loaded = Some(kept.object.sha256.clone());
                async move { self.settle(kept, loaded).await }.boxed()
            })
            .collect();
        stream::iter(settling).buffer_unordered(AT_A_TIME).try_collect().await
    }

    /// The SHA-256 of a copy.
    async fn digest(&self, object: &KeptObject) -> Result<String> {
        let bucket = self.lake.bucket();
        let Some(mut stream) = bucket.open(&self.lake.in_bucket(&object.raw), 0).await? else {
            let uri = self.lake.uri_of(&object.raw);
            return Err(Error::new(Code::NotFound, format!("{uri} is not there any more")));
        };
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        while let Some(chunk) = stream.next().await? {
            bytes += chunk.len() as u64;
            digest.update(&chunk);
        }
        if bytes == object.bytes {
            return Ok(format!("{:x}", digest.finalize()));
        }
        Err(self.differs(object))
    }

    fn differs(&self, object: &KeptObject) -> Error {
        let copy = self.lake.uri_of(&object.raw);
        let message = format!(
            "{copy} has other bytes than {}, of which it is the copy: remove it, and load again",
            object.uri
        );
        Error::new(Code::Conflict, message)
    }
}
