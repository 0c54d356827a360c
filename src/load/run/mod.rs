//! A run: `discover` lists the source, `lock` and `session` hold what the run needs,
//! `observe` and `summary` report it. Here it is conducted: parents before children,
//! parked rows before new files, independent files concurrently, derived tables last. The
//! ledger, the exit code and the caller share one outcome.

pub(super) mod connection;
pub(super) mod context;
pub(super) mod discover;
pub(super) mod lock;
pub(super) mod observe;
pub(super) mod session;
pub(super) mod summary;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use self::context::{Context, LoadOptions};
use self::discover::discover;
use self::lock::NewRun;
use self::observe::Observer;
use self::session::{MAX_RETRIES, Session};
use self::summary::{ErrorSummary, FileSummary, RunSummary, StepSummary};
use crate::dataset::{self, Dataset};
use crate::error::{Code, Error, Result};
use crate::load::counts::Counts;
use crate::load::derive::derive;
use crate::load::failure::{Failure, LoadResult};
use crate::load::file::merge::Target;
use crate::load::file::pipeline::{
    BATCHES_IN_FLIGHT, FileJob, REJECTS_STORED, check_rejects, load_file,
};
use crate::load::ledger::{self, FileEntry, RunFile};
use crate::load::rejects::retry;
use crate::storage::{ObjectVersion, Source};

/// A load to run.
pub struct Load {
    /// How to connect to Postgres.
    pub database: PgConnectOptions,
    /// The files.
    pub source: Source,
    /// How to load them.
    pub options: LoadOptions,
    /// Receives the events of the run.
    pub observer: Arc<dyn Observer>,
    /// Ends the run after the batches in flight.
    pub stop: CancellationToken,
}

impl Load {
    /// Runs to the end. An error means that no run took place, or that its end is not
    /// in the ledger; failures within the run are in the summary.
    pub async fn run(self) -> Result<RunSummary> {
        let begun = Instant::now();
        let uri = self.source.uri().to_string();
        let new = NewRun { source_uri: &uri, atomic: self.options.atomic };
        let connections = self.options.parallel_files.max(1) * BATCHES_IN_FLIGHT;
        let limits = self.options.limits;
        let session = Session::begin(self.database, connections, new, limits, self.stop).await?;
        let context = Arc::new(Context {
            session,
            source: self.source,
            options: self.options,
            observer: self.observer,
        });
        let mut progress = RunProgress::default();
        let done = context.load_all(&mut progress).await;
        context.end(done, progress, uri, begun).await
    }
}

/// The progress of a file over several attempts.
struct FileProgress {
    begun: Instant,
    of: Option<RunFile>,
    /// The checkpoint when the last attempt began.
    checkpoint: Option<u64>,
    /// The file's counts in this run before, from resolving parked rows.
    before: Option<Counts>,
    /// Consecutive attempts without progress.
    attempts: usize,
}

/// What a run has done.
#[derive(Debug, Default)]
struct RunProgress {
    found: usize,
    skipped: usize,
    /// Files in the order in which they ended; concurrent datasets share it.
    files: Mutex<Vec<FileSummary>>,
    steps: Vec<StepSummary>,
}

impl RunProgress {
    fn add(&self, files: impl IntoIterator<Item = FileSummary>) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).extend(files);
    }
}

impl Context {
    /// Loads all new files; `progress` is valid also after a failure.
    async fn load_all(self: &Arc<Self>, progress: &mut RunProgress) -> Result<()> {
        let mut discovery = {
            let mut connection = self.session.lock.connection().await;
            discover(&self.source, Some(&mut connection)).await?
        };
        progress.found = discovery.found();
        progress.skipped = discovery.skipped;
        for level in levels() {
            let loads: Vec<_> = level
                .into_iter()
                .map(|dataset| self.load_dataset(dataset, discovery.take(dataset), progress))
                .collect();
            let mut running =
                stream::iter(loads).buffer_unordered(self.options.parallel_files.max(1));
            while let Some(done) = running.next().await {
                done?;
            }
        }
        // Also after failed files: their committed rows are loaded.
        derive(&self.session, self.observer.as_ref(), &mut progress.steps).await
    }

    /// Resolves parked rows first: they are older than the new ones.
    async fn load_dataset(
        self: &Arc<Self>,
        dataset: &'static Dataset,
        files: Vec<ObjectVersion>,
        progress: &RunProgress,
    ) -> Result<()> {
        let target = Arc::new(Target::new(dataset));
        let resolved = retry::resolve_parked(&self.session, &target).await?;
        progress.add(resolved.files);
        for object in files {
            progress.add([self.load_object(&target, object).await?]);
        }
        if resolved.interrupted { Ok(self.session.check_stop()?) } else { Ok(()) }
    }

    async fn load_object(
        self: &Arc<Self>,
        target: &Arc<Target>,
        object: ObjectVersion,
    ) -> Result<FileSummary> {
        let begun = Instant::now();
        let mut summary = FileSummary::new(target.dataset, object.key.clone());
        if let Err(interrupted) = self.session.check_stop() {
            summary.error = Some(ErrorSummary::from(&interrupted.into()));
            return Ok(summary);
        }
        self.observer.began(&object);
        let mut progress =
            FileProgress { begun, of: None, checkpoint: None, before: None, attempts: 0 };
        match self.load_to_end(target, &object, &mut progress).await {
            Ok(counts) => summary.counts = counts,
            // Another loader took over the whole run.
            Err(error) if error.code() == Code::Locked => return Err(error),
            Err(error) => {
                tracing::error!(%object, error = error.detail(), "the file failed");
                summary.counts = self.fail_file(&progress, &error).await?;
                summary.error = Some(ErrorSummary::from(&error));
            }
        }
        summary.seconds = begun.elapsed().as_secs_f64();
        self.observer.ended(&summary);
        Ok(summary)
    }

    /// Loads a file through lost connections, each time from the checkpoint.
    async fn load_to_end(
        self: &Arc<Self>,
        target: &Arc<Target>,
        object: &ObjectVersion,
        progress: &mut FileProgress,
    ) -> Result<Counts> {
        loop {
            let before = progress.checkpoint;
            match self.attempt(target, object, progress).await {
                Err(Failure::Lost(error)) => {
                    progress.attempts =
                        if progress.checkpoint > before { 1 } else { progress.attempts + 1 };
                    if progress.attempts > MAX_RETRIES {
                        return Err(error);
                    }
                    tracing::warn!(%object, error = error.detail(), "retrying the file");
                    self.session.lock.recover(error).await?;
                }
                done => return Ok(done?),
            }
        }
    }

    async fn attempt(
        self: &Arc<Self>,
        target: &Arc<Target>,
        object: &ObjectVersion,
        progress: &mut FileProgress,
    ) -> LoadResult<Counts> {
        let run = self.session.run();
        let mut connection = self.session.pool.acquire().await?;
        let entry = ledger::enter(&mut connection, run, target.dataset, object).await?;
        let of = RunFile { run, file: entry.id };
        progress.of = Some(of);
        progress.checkpoint = entry.checkpoint.as_ref().map(|checkpoint| checkpoint.offset);
        if progress.before.is_none() {
            progress.before = Some(ledger::run_counts(&mut connection, of).await?);
        }
        drop(connection);
        if !entry.loaded {
            self.check_resumable(&entry)?;
            let job = FileJob {
                target: Arc::clone(target),
                object: object.clone(),
                of,
                begun: progress.begun,
                find_orphans: AtomicBool::new(false),
            };
            load_file(self, &Arc::new(job), entry.checkpoint).await?;
        }
        self.counts_since(progress).await
    }

    /// Checks the options against a file that an earlier run has begun.
    fn check_resumable(&self, entry: &FileEntry) -> Result<()> {
        if entry.checkpoint.is_none() {
            return Ok(());
        }
        if self.options.atomic {
            let message = "an earlier run without --atomic has loaded a part of this file; \
                           finish it without --atomic";
            return Err(Error::new(Code::Conflict, message));
        }
        check_rejects(self.options.max_rejects, entry.totals, false, REJECTS_STORED)
    }

    /// The file's counts in this run, without the rows that were resolved before.
    async fn counts_since(&self, progress: &FileProgress) -> LoadResult<Counts> {
        let (Some(of), Some(before)) = (progress.of, progress.before) else {
            return Ok(Counts::default());
        };
        let mut connection = self.session.pool.acquire().await?;
        Ok(ledger::run_counts(&mut connection, of).await? - before)
    }

    /// Marks a file as failed in the ledger, unless it was interrupted: then the next
    /// run continues it.
    async fn fail_file(&self, progress: &FileProgress, error: &Error) -> Result<Counts> {
        let Some(of) = progress.of else { return Ok(Counts::default()) };
        if !self.session.stop.is_cancelled() {
            let mut connection = self.session.pool.acquire().await?;
            ledger::fail_file(&mut connection, of, error).await?;
        }
        Ok(self.counts_since(progress).await?)
    }

    async fn end(
        &self,
        done: Result<()>,
        progress: RunProgress,
        source: String,
        begun: Instant,
    ) -> Result<RunSummary> {
        let files = progress.files.into_inner().unwrap_or_else(PoisonError::into_inner);
        let error = done.err();
        if let Some(error) = &error {
            tracing::error!(error = error.detail(), "the run failed");
        }
        let summary = RunSummary {
            run_id: Some(self.session.run()),
            files_found: progress.found,
            files_skipped: progress.skipped,
            steps: progress.steps,
            ..RunSummary::new(source, files, error.as_ref(), begun)
        };
        self.session.end(&summary).await?;
        Ok(summary)
    }
}

/// The datasets by their distance from the roots: those of one level do not refer to
/// each other.
pub(crate) fn levels() -> Vec<Vec<&'static Dataset>> {
    let mut levels: Vec<Vec<&'static Dataset>> = Vec::new();
    for dataset in dataset::ALL.iter() {
        let level_of = |table: &str| {
            levels.iter().position(|level| level.iter().any(|other| other.table == table))
        };
        let parents = dataset.parents.iter().filter_map(|parent| level_of(parent.table));
        let level = parents.max().map_or(0, |level| level + 1);
        if levels.len() <= level {
            levels.push(Vec::new());
        }
        if let Some(own) = levels.get_mut(level) {
            own.push(dataset);
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_on_earlier_levels() {
        let tables: Vec<Vec<&str>> =
            levels().iter().map(|level| level.iter().map(|d| d.table).collect()).collect();
        assert_eq!(
            tables,
            [
                vec!["person", "product", "territory", "store", "currency_rate"],
                vec!["customer", "special_offer_product", "product_inventory"],
                vec!["sales_order"],
                vec!["sales_order_line"]
            ]
        );
    }
}
