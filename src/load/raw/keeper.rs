//! Copies file versions to the lake, and records them in the transaction that loads them. A
//! version has its day in the ledger before it is copied, so that an attempt after a crash
//! finds the copy of the one before.

use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool};
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use super::RawOptions;
use crate::error::{Code, Error, Result};
use crate::lake::{KeptObject, Lake, Manifest, RawNames, day_folder, day_of, manifest_key};
use crate::load::failure::LoadResult;
use crate::load::ledger::raw::{self, Claim, RawEntry, RawRow};
use crate::storage::{CopySizes, KeptAt, ObjectVersion, Source};

/// Copies, and manifests, that are written at a time.
const AT_A_TIME: usize = 16;
/// Bytes of an object from which it is written alone, where the server does not copy it.
const LARGE: u64 = 1 << 20;

/// Keeps the versions of a source.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(super) lake: Lake,
    source: Source,
    pool: PgPool,
    /// Copies under way; one that goes through this process takes all of it.
    room: Semaphore,
}

/// A version that is kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) object: KeptObject,
    /// The day of the reading's manifest.
    day: NaiveDate,
    /// Its manifest, where it is one of those that are loaded again.
    manifest: Option<String>,
}

/// What is kept of an entry of the ledger.
pub(crate) struct Record<'a> {
    pub(crate) file: i32,
    pub(crate) dataset: &'static str,
    pub(crate) kept: &'a [Kept],
    /// Of a page, what tells it from others.
    pub(crate) page: Option<&'a str>,
}

/// Versions that are being copied, in their order.
#[derive(Debug)]
pub(crate) struct Keeps(mpsc::Receiver<Result<Kept>>);

impl Keeps {
    /// The next one, in the order given.
    ///
    /// # Errors
    /// Why it is not kept.
    pub(crate) async fn next(&mut self) -> Result<Kept> {
        let ended = || Err(Error::internal("keeping file versions ended early"));
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
        tokio::spawn(async move {
            let claims = match keeper.claim(dataset, &objects).await {
                Ok(claims) => claims,
                Err(error) => return drop(kept_in.send(Err(error)).await),
            };
            let copying = stream::iter(objects.into_iter().zip(claims))
                .map(|(object, claim)| {
                    let keeper = Arc::clone(&keeper);
                    async move { keeper.keep(dataset, &object, claim).await }
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
    ) -> Result<Vec<Claim>> {
        if objects.iter().all(|object| object.kept_at.is_some()) {
            let none = Claim { day: NaiveDate::default(), known: None };
            return Ok(vec![none; objects.len()]);
        }
        let mut connection = self.pool.acquire().await?;
        Ok(raw::claim(&mut connection, dataset, objects).await?)
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
                Ok(etag) => {
                    let (raw, sha256) = (name.to_owned(), String::new());
                    let object = KeptObject::of(object, raw, etag, sha256);
                    return Ok(Kept { object, day: claim.day, manifest: None });
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
        })
    }

    /// The SHA-256 of a copy.
    pub(super) async fn digest(&self, object: &KeptObject) -> Result<String> {
        let bucket = self.lake.bucket();
        let Some(mut stream) = bucket.open(&self.lake.in_bucket(&object.raw), 0).await? else {
            let uri = self.lake.uri_of(&object.raw);
            return Err(Error::new(Code::NotFound, format!("{uri} is not there any more")));
        };
        let mut digest = Sha256::new();
        while let Some(chunk) = stream.next().await? {
            digest.update(&chunk);
        }
        Ok(format!("{:x}", digest.finalize()))
    }

    /// Writes the manifests and records the entries, in the transaction that loads them.
    pub(crate) async fn record(
        &self,
        connection: &mut PgConnection,
        run: Uuid,
        records: &[Record<'_>],
    ) -> LoadResult<()> {
        let files: Vec<i32> = records.iter().map(|record| record.file).collect();
        let entries = raw::entries(connection, &files).await?;
        let mut writing: Vec<BoxFuture<'_, Result<RawRow>>> = Vec::with_capacity(records.len());
        for record in records {
            let entry = entries.iter().find(|entry| entry.id == record.file);
            let entry = entry.ok_or_else(|| Error::internal("a file has no entry"))?;
            writing.push(self.row(run, record, entry).boxed());
        }
        let rows: Vec<RawRow> = stream::iter(writing).buffered(AT_A_TIME).try_collect().await?;
        raw::insert(connection, &rows).await?;
        let objects = || records.iter().flat_map(|record| record.kept).map(|kept| &kept.object);
        let column = |of: fn(&KeptObject) -> &str| -> Vec<&str> { objects().map(of).collect() };
        let versions = [
            column(|object| &object.bucket),
            column(|object| &object.key),
            column(|object| &object.etag),
            column(|object| &object.version_id),
        ];
        raw::release(connection, versions).await
    }

    async fn row(&self, run: Uuid, record: &Record<'_>, entry: &RawEntry) -> Result<RawRow> {
        let Some(first) = record.kept.first() else {
            return Err(Error::internal("nothing is kept of a file"));
        };
        let objects = record.kept.iter();
        let day = objects.clone().map(|kept| kept.day).max().unwrap_or(first.day);
        let manifest = match &first.manifest {
            Some(known) => known.clone(),
            None => {
                let manifest = Manifest {
                    dataset: record.dataset.to_owned(),
                    source: self.source.uri().to_string(),
                    run_id: run,
                    file_id: entry.id,
                    started_at: entry.started_at,
                    mapping: entry.mapping.clone(),
                    mode: entry.mode.clone(),
                    objects: objects.clone().map(|kept| kept.object.clone()).collect(),
                };
                let folder = day_folder(record.dataset, day);
                let raw = &first.object.raw;
                let name = match record.page {
                    Some(page) => format!("{folder}page-{}", page.get(..12).unwrap_or(page)),
                    // Beside the copy, unless that is of an earlier reading.
                    None => format!("{folder}{}", raw.rsplit_once('/').map_or("", |it| it.1)),
                };
                self.write(&manifest, &name).await?
            }
        };
        let manifest_uri = self.lake.uri_of(&manifest);
        let uris = || objects.clone().map(|kept| self.lake.uri_of(&kept.object.raw)).collect();
        Ok(match record.page {
            Some(_) => RawRow {
                file: record.file,
                day,
                uri: manifest_uri.clone(),
                manifest_uri,
                sha256: None,
                objects: Some(uris()),
            },
            None => RawRow {
                file: record.file,
                day,
                uri: self.lake.uri_of(&first.object.raw),
                manifest_uri,
                sha256: Some(first.object.sha256.clone()),
                objects: None,
            },
        })
    }

    /// Writes a manifest, under another name if that of another reading is there.
    async fn write(&self, manifest: &Manifest, name: &str) -> Result<String> {
        let key = manifest_key(name, None);
        if manifest.create(&self.lake, &key).await? {
            return Ok(key);
        }
        let there = Manifest::read(&self.lake, &key).await?;
        if there.is_none_or(|there| there.is_same_reading(manifest)) {
            manifest.write(&self.lake, &key).await?;
            return Ok(key);
        }
        let (bucket, source) = match manifest.objects.first() {
            Some(object) => (object.bucket.as_str(), object.key.as_str()),
            None => ("", ""),
        };
        let key = manifest_key(name, Some(&[bucket, source, &manifest.mapping]));
        manifest.write(&self.lake, &key).await?;
        Ok(key)
    }
}
