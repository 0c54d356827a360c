//! Loads kept versions again, in the order in which they were loaded: the versions of one run
//! are a run again.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::RawOptions;
use crate::config::LoadMode;
use crate::dataset;
use crate::error::{Code, Error, Result};
use crate::lake::{Lake, Manifest, day_folder, is_manifest};
use crate::load::document::name::DOCUMENTS;
use crate::load::run::Load;
use crate::load::run::context::LoadOptions;
use crate::load::run::observe::Observer;
use crate::load::run::summary::{Outcome, RunSummary};
use crate::storage::{ListPages, ObjectVersion, S3Settings, Source, SourceUri};

/// Manifests that are read at a time.
const AT_A_TIME: usize = 16;
/// Objects of a page of a listing.
const PAGE: usize = 1_000;

/// Kept versions to load again.
pub struct Reprocess {
    /// How to connect to Postgres.
    pub database: PgConnectOptions,
    /// Where they are kept.
    pub raw: RawOptions,
    /// How to reach it.
    pub s3: S3Settings,
    /// How to load them.
    pub options: LoadOptions,
    /// Receives the events of the runs.
    pub observer: Arc<dyn Observer>,
    /// Ends after the batches in flight.
    pub stop: CancellationToken,
    /// Only those of this dataset.
    pub dataset: Option<String>,
    /// The first and the last day, in UTC.
    pub days: (NaiveDate, NaiveDate),
}

/// The datasets of which versions are kept.
#[must_use]
pub fn kept_datasets() -> Vec<&'static str> {
    dataset::ALL.iter().map(|dataset| dataset.table).chain([DOCUMENTS.table]).collect()
}

/// The source of runs that load kept versions again, of a lake at this address.
#[must_use]
pub(in crate::load) fn reprocess_source(lake: &str) -> String {
    format!("{}/raw", lake.trim_end_matches('/'))
}

/// What is known of a manifest before its versions are loaded.
#[derive(Debug)]
struct Entry {
    started_at: DateTime<Utc>,
    file_id: i32,
    run: Uuid,
    mode: LoadMode,
    is_document: bool,
    key: String,
}

impl Reprocess {
    /// Loads them. `each` is told of each run that was made again: when it was, and its outcome
    /// now.
    ///
    /// # Errors
    /// `NOT_FOUND` if nothing is kept of these days, `CONFLICT` if the mapping in force takes a
    /// version for no file of its dataset; those of S3, and of a run that took no place.
    pub async fn run(
        self,
        mut each: impl FnMut(NaiveDate, &RunSummary) -> Result<()>,
    ) -> Result<Outcome> {
        let (first, last) = self.days;
        let (mut found, mut outcome) = (0, Outcome::Succeeded);
        for day in first.iter_days().take_while(|day| *day <= last) {
            let entries = self.entries(day).await?;
            found += entries.len();
            let same = |one: &Entry, next: &Entry| (one.run, one.mode) == (next.run, next.mode);
            for run in entries.chunk_by(same) {
                let summary = self.load(run).await?;
                each(day, &summary)?;
                outcome = match (outcome, summary.outcome) {
                    // What comes after depends on it.
                    (_, Outcome::Failed) => return Ok(Outcome::Failed),
                    (Outcome::Succeeded, ended) => ended,
                    (so_far, _) => so_far,
                };
            }
        }
        if found == 0 {
            let uri = self.raw.lake.uri();
            let message = format!("{uri} has no kept files of {first} to {last}");
            return Err(Error::new(Code::NotFound, message));
        }
        Ok(outcome)
    }

    /// Those of a day, in their order.
    async fn entries(&self, day: NaiveDate) -> Result<Vec<Entry>> {
        let lake = &self.raw.lake;
        let mut keys = Vec::new();
        for dataset in kept_datasets() {
            if self.dataset.as_deref().is_none_or(|only| only == dataset) {
                keys.extend(lake.keys_where(&day_folder(dataset, day), is_manifest).await?);
            }
        }
        let reading: Vec<BoxFuture<'_, Result<Entry>>> =
            keys.into_iter().map(|key| self.entry(key).boxed()).collect();
        let mut entries: Vec<Entry> =
            stream::iter(reading).buffered(AT_A_TIME).try_collect().await?;
        entries.sort_by_key(|entry| (entry.started_at, entry.file_id));
        Ok(entries)
    }

    async fn entry(&self, key: String) -> Result<Entry> {
        let manifest = read(&self.raw.lake, &key).await?;
        let is_document = manifest.dataset == DOCUMENTS.table;
        let mode = manifest.mode.parse().map_err(|_| {
            let message = format!("{} has no known mode", self.raw.lake.uri_of(&key));
            Error::new(Code::Conflict, message)
        })?;
        if !is_document {
            self.check_mapping(&manifest)?;
        }
        let Manifest { started_at, file_id, run_id: run, .. } = manifest;
        Ok(Entry { started_at, file_id, run, mode, is_document, key })
    }

    /// A version that is read by no mapping would be left out, and nobody told.
    fn check_mapping(&self, manifest: &Manifest) -> Result<()> {
        for object in &manifest.objects {
            let dataset = self.options.dataset_of(&object.key);
            if dataset.is_none_or(|dataset| dataset.table != manifest.dataset) {
                let message = format!(
                    "{} was loaded as {}, and is no file of it by the mapping in force; give the \
                     mapping by which it was loaded with --mapping",
                    object.uri, manifest.dataset
                );
                return Err(Error::new(Code::Conflict, message));
            }
        }
        Ok(())
    }

    async fn load(&self, entries: &[Entry]) -> Result<RunSummary> {
        let mode = entries.first().map_or(LoadMode::Merge, |entry| entry.mode);
        let uri: SourceUri = reprocess_source(self.raw.lake.uri()).parse()?;
        let pages = Arc::new(Kept { lake: self.raw.lake.clone(), pages: pages(entries) });
        let load = Load {
            database: self.database.clone(),
            source: Source::listed(&uri, &self.s3, pages).await?,
            options: LoadOptions {
                mode,
                max_rejects: None,
                atomic: false,
                raw: Some(self.raw.clone()),
                again: true,
                ..self.options.clone()
            },
            observer: Arc::clone(&self.observer),
            stop: self.stop.clone(),
        };
        Box::pin(load.run()).await
    }
}

/// The manifests of each page of a listing; those of documents by themselves, so that the same
/// documents make a page again.
fn pages(entries: &[Entry]) -> Vec<Vec<String>> {
    let (documents, files): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| entry.is_document);
    let key = |entry: &&Entry| entry.key.clone();
    let files = files.chunks(PAGE).map(|files| files.iter().map(key).collect());
    files.chain(documents.iter().map(|entry| vec![entry.key.clone()])).collect()
}

/// Lists versions by their manifests.
struct Kept {
    lake: Lake,
    pages: Vec<Vec<String>>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("pages", &self.pages.len()).finish_non_exhaustive()
    }
}

impl ListPages for Kept {
    fn page(&self, number: usize) -> BoxFuture<'_, Result<Option<Vec<ObjectVersion>>>> {
        async move {
            let Some(keys) = self.pages.get(number) else { return Ok(None) };
            let reading: Vec<BoxFuture<'_, Result<Vec<ObjectVersion>>>> =
                keys.iter().map(|key| self.versions(key).boxed()).collect();
            let read: Vec<Vec<ObjectVersion>> =
                stream::iter(reading).buffered(AT_A_TIME).try_collect().await?;
            Ok(Some(read.into_iter().flatten().collect()))
        }
        .boxed()
    }
}

impl Kept {
    async fn versions(&self, key: &str) -> Result<Vec<ObjectVersion>> {
        let manifest = read(&self.lake, key).await?;
        Ok(manifest.objects.iter().map(|object| object.version(&self.lake, key)).collect())
    }
}

async fn read(lake: &Lake, key: &str) -> Result<Manifest> {
    Manifest::read(lake, key).await?.ok_or_else(|| {
        Error::new(Code::NotFound, format!("{} is not there any more", lake.uri_of(key)))
    })
}
