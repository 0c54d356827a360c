//! Pages: small files of documents, one after the other in a listing, that are loaded in one
//! transaction and have one entry in the ledger.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::batch::{Builder, DocumentBatch};
use super::decode::{Small, decode_small};
use super::merge::Targets;
use super::name::{DOCUMENTS, Layout, layout};
use crate::config::MaxRejects;
use crate::error::{Error, Result};
use crate::load::counts::{Counts, bigint};
use crate::load::decode::{BatchLimits, Compression, Dialect};
use crate::load::failure::{Failure, LoadResult};
use crate::load::file::merge::Manner;
use crate::load::file::pipeline::{MAX_TURN, ROLLED_BACK, check_rejects};
use crate::load::ledger::group::Done;
use crate::load::ledger::page::PageObjects;
use crate::load::ledger::{self, FileTotals, RunFile};
use crate::load::raw::keeper::{Keeper, Keeps, Kept};
use crate::load::raw::record::Record;
use crate::load::run::context::Context;
use crate::storage::{Body, ObjectVersion};

/// Bytes of an object up to which it is loaded with others.
pub(crate) const SMALL: u64 = 128 * 1024;
/// Objects and documents of a page.
const OBJECTS: usize = 1_000;
/// Bytes of documents after which a page ends.
const BYTES: usize = 4 << 20;

/// Objects that are loaded together.
#[derive(Debug)]
pub(crate) struct Page {
    /// Stands for all of them: their first and last key, and a digest of their versions.
    pub(crate) object: ObjectVersion,
    pub(crate) objects: PageObjects,
    pub(crate) batch: DocumentBatch,
    dialect: Dialect,
    /// The versions of its objects and the SHA-256 of each, if they are kept.
    versions: Vec<(ObjectVersion, String)>,
    /// Their copies under way.
    keeps: Mutex<Option<Keeps>>,
    /// Its share of the pages that may be held.
    _held: Option<OwnedSemaphorePermit>,
}

/// What became of an object that was to be added to a page.
pub(crate) enum Added {
    Yes,
    /// It is to be loaded alone.
    Large(ObjectVersion),
    /// It cannot be read.
    Failed(ObjectVersion, Error),
}

/// Gathers a page.
pub(crate) struct PageBuilder {
    builder: Builder,
    limits: BatchLimits,
    objects: PageObjects,
    size: u64,
    next: u64,
    compression: Compression,
    keeps: bool,
    versions: Vec<(ObjectVersion, String)>,
}

impl PageBuilder {
    /// `keeps` tells whether the objects are kept.
    pub(crate) fn new(limits: BatchLimits, keeps: bool) -> Result<Self> {
        Ok(Self {
            builder: Builder::new(limits)?,
            limits,
            objects: PageObjects::default(),
            size: 0,
            next: 1,
            compression: Compression::None,
            keeps,
            versions: Vec::new(),
        })
    }

    /// Decodes and adds an object.
    pub(crate) fn add(&mut self, body: Body) -> Added {
        let Body { object, bytes, .. } = body;
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) => return Added::Failed(object, error),
        };
        let layout = layout(&object.key).unwrap_or(Layout::Json);
        match decode_small(layout, &bytes, self.next, &mut self.builder) {
            Ok(Small::Added { documents, compression }) => {
                self.objects.push(&object, bigint(self.next));
                if self.keeps {
                    let digest = format!("{:x}", Sha256::digest(&bytes));
                    self.versions.push((object.clone(), digest));
                }
                self.size += object.size;
                self.next += documents;
                self.compression = compression;
                Added::Yes
            }
            Ok(Small::Large) => Added::Large(object),
            Err(error) => Added::Failed(object, error),
        }
    }

    /// Whether no other object should be added.
    pub(crate) fn is_full(&self) -> bool {
        self.objects.keys.len() >= OBJECTS
            || self.builder.documents() >= OBJECTS
            || self.builder.is_full(BYTES)
    }

    /// The page of the objects so far, if there are any; the next ones are of another.
    pub(crate) fn take(&mut self, held: Option<OwnedSemaphorePermit>) -> Result<Option<Page>> {
        let fresh = Self::new(self.limits, self.keeps)?;
        let Self { mut builder, objects, size, compression, versions, .. } =
            std::mem::replace(self, fresh);
        if objects.keys.is_empty() {
            return Ok(None);
        }
        let dialect = builder.dialect(compression);
        let batch = builder.take();
        let object = ObjectVersion {
            bucket: objects.bucket.clone(),
            key: name(&objects, batch.documents),
            etag: digest(&objects),
            version_id: None,
            size,
            last_modified: None,
            kept_at: None,
        };
        let keeps = Mutex::default();
        Ok(Some(Page { object, objects, batch, dialect, versions, keeps, _held: held }))
    }
}

impl Page {
    /// Begins to keep its objects.
    pub(crate) fn keep(&mut self, keeper: Option<&Arc<Keeper>>) {
        *self.keeps.get_mut() = keeper.map(|keeper| self.start_keeping(keeper));
    }

    fn start_keeping(&self, keeper: &Arc<Keeper>) -> Keeps {
        let objects = self.versions.iter().map(|(object, _)| object.clone()).collect();
        keeper.keep_all(DOCUMENTS.table, objects)
    }

    /// Waits until its objects are kept: before the transaction that loads it. After a failure
    /// they are kept anew.
    pub(crate) async fn kept(&self, keeper: Option<&Arc<Keeper>>) -> LoadResult<Vec<Kept>> {
        let Some(keeper) = keeper else { return Ok(Vec::new()) };
        let started = self.keeps.lock().await.take();
        let mut keeps = started.unwrap_or_else(|| self.start_keeping(keeper));
        let mut all = Vec::with_capacity(self.versions.len());
        for (_, digest) in &self.versions {
            let mut kept = keeps.next().await?;
            kept.object.sha256.clone_from(digest);
            all.push(kept);
        }
        keeper.settle_all(all.iter_mut()).await?;
        Ok(all)
    }

    /// The key of the object that has a document.
    pub(crate) fn key_of(&self, number: u64) -> &str {
        let number = bigint(number);
        let after = self.objects.first_lines.partition_point(|first| *first <= number);
        self.objects.keys.get(after.saturating_sub(1)).map_or("", String::as_str)
    }

    /// The orders of which it has the order or a line.
    pub(crate) fn orders(&self) -> HashSet<i32> {
        let rows = self.batch.orders.rows.iter().chain(&self.batch.lines.rows);
        rows.map(|row| row.key[0]).collect()
    }

    /// Fails if it has more rejects than that.
    pub(crate) fn check_rejects(&self, bound: Option<MaxRejects>) -> Result<()> {
        let (read, rejected) = (bigint(self.batch.records()), bigint(self.batch.rejected()));
        check_rejects(bound, FileTotals { read, rejected }, true, ROLLED_BACK)
    }
}

/// The first key, and what of the last one is not of the same folder.
fn name(objects: &PageObjects, documents: usize) -> String {
    let folder = |key: &'_ str| key.rsplit_once('/').map_or(0, |(folder, _)| folder.len() + 1);
    match (objects.keys.first(), objects.keys.last()) {
        (Some(first), Some(last)) if first != last => {
            let at = folder(first);
            let is_same = first.get(..at) == last.get(..at) && folder(last) == at;
            let last = if is_same { last.get(at..).unwrap_or(last) } else { last };
            format!("{first} … {last} ({documents} documents)")
        }
        (first, _) => first.cloned().unwrap_or_default(),
    }
}

fn digest(objects: &PageObjects) -> String {
    let mut digest = Sha256::new();
    let versions = objects.keys.iter().zip(&objects.etags).zip(&objects.versions);
    for part in versions.flat_map(|((key, etag), version)| [key, etag, version]) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let hex = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("page-{hex}")
}

/// Loads a page, which is committed when `before` is cancelled; returns its counts. Either all of
/// it is loaded then, or nothing has happened.
pub(crate) async fn load_page(
    context: &Context,
    page: &Page,
    kept: &[Kept],
    begun: Instant,
    before: &CancellationToken,
) -> LoadResult<Counts> {
    let mut connection = context.session.pool.acquire().await?;
    let mut manner = context.manner(&DOCUMENTS);
    loop {
        match attempt(context, &mut connection, page, kept, begun, before, manner).await {
            Err(Failure::MissingParent(_)) if !manner.find_orphans => manner.find_orphans = true,
            Err(Failure::Stored(_)) if manner.only_new => {
                context.has_stored(&DOCUMENTS);
                manner.only_new = false;
            }
            Ok(Some(counts)) => return Ok(counts),
            Ok(None) => before.cancelled().await,
            Err(failure) => return Err(failure),
        }
    }
}

/// `None`, and nothing is done, if the turn takes long to come: rows that are locked meanwhile
/// may be what the page before waits for, by way of another writer.
async fn attempt(
    context: &Context,
    connection: &mut PgConnection,
    page: &Page,
    kept: &[Kept],
    begun: Instant,
    before: &CancellationToken,
    manner: Manner,
) -> LoadResult<Option<Counts>> {
    let (run, targets) = (context.session.run(), Targets::get(context.session.layout)?);
    let mut transaction = targets.begin(connection).await?;
    ledger::commit_to_disk(&mut transaction).await?;
    let objects = [&page.object];
    let entered =
        ledger::group::enter(&mut transaction, context.reading(), &DOCUMENTS, &objects, "").await?;
    let Some(entry) = entered.first() else {
        return Err(Error::internal("a page has no entry").into());
    };
    let of = RunFile { run, file: entry.id };
    if entry.loaded {
        // By an attempt whose commit was not heard of.
        transaction.rollback().await?;
        return ledger::run_counts(connection, of).await.map(Some);
    }
    let counts = targets.merge(&mut transaction, &page.batch, of, manner).await?;
    ledger::page::insert(&mut transaction, entry.id, &page.objects).await?;
    if let Some(keeper) = &context.keeper {
        let (dataset, tag) = (DOCUMENTS.table, Some(page.object.etag.as_str()));
        let record = Record { file: entry.id, dataset, kept, page: tag };
        keeper.record(&mut transaction, &context.session, &[record]).await?;
    }
    if timeout(MAX_TURN, before.cancelled()).await.is_err() {
        transaction.rollback().await?;
        return Ok(None);
    }
    let done = Done {
        id: entry.id,
        dialect: &page.dialect,
        end_offset: page.object.size,
        end_line: page.batch.documents as u64 + 1,
        counts,
    };
    let elapsed_ms = bigint(begun.elapsed().as_millis());
    ledger::group::commit(&mut transaction, run, &[done], elapsed_ms).await?;
    transaction.commit().await?;
    Ok(Some(counts))
}
