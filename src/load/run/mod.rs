//! A run: `discover` lists the source, `lock` and `session` hold what the run needs,
//! `observe` and `summary` report it, `progress` gathers it, `small` groups small files, `documents`
//! loads those. Here it is conducted: parents
//! before children, parked rows before new files, independent files concurrently, then what
//! `mirror` removes, derived tables last. The ledger, the exit code and the caller share one
//! outcome.

pub(super) mod connection;
pub(super) mod context;
pub(super) mod discover;
mod documents;
pub(super) mod known;
pub(super) mod lock;
mod mirror;
pub(super) mod observe;
mod progress;
pub(super) mod session;
mod small;
pub(super) mod summary;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use self::context::{Context, LoadOptions};
use self::discover::{Found, discover};
use self::known::RunAs;
use self::lock::NewRun;
use self::observe::Observer;
use self::progress::{Complete, RunProgress};
use self::session::{MAX_RETRIES, Session};
use self::small::is_small;
use self::summary::{ErrorSummary, FileSummary, RunSummary};
use crate::config::LoadMode;
use crate::dataset::{self, Dataset};
use crate::error::{Code, Error, Result};
use crate::load::counts::Counts;
use crate::load::derive::derive;
use crate::load::document::file::load_documents;
use crate::load::document::name::DOCUMENTS;
use crate::load::failure::{Failure, LoadResult};
use crate::load::file::merge::Target;
use crate::load::file::pipeline::{
    BATCHES_IN_FLIGHT, FileJob, REJECTS_STORED, check_rejects, load_file,
};
use crate::load::ledger::{self, FileEntry, RunFile};
use crate::load::mirror::several_files;
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
        self.run_as(RunAs::default()).await
    }

    /// Likewise, as a run that others know of. A queued run that was stopped, or that failed
    /// in a way that may pass, goes back to the queue: then its error is returned.
    pub async fn run_as(self, known: RunAs) -> Result<RunSummary> {
        let begun = Instant::now();
        let uri = self.source.uri().to_string();
        let new = NewRun { source_uri: &uri, atomic: self.options.atomic, mode: self.options.mode };
        let connections = self.options.parallel_files.max(1) * BATCHES_IN_FLIGHT;
        let limits = self.options.limits;
        let session =
            Session::begin(self.database, connections, new, known, limits, self.stop).await?;
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

impl Context {
    /// Loads all new files; `progress` is valid also after a failure.
    async fn load_all(self: &Arc<Self>, progress: &mut RunProgress) -> Result<()> {
        let mut discovery = {
            let mut connection = self.session.lock.connection().await;
            discover(&self.source, &self.options, Some(&mut connection)).await?
        };
        progress.found = discovery.found();
        progress.skipped = discovery.skipped;
        progress.files_left_out = discovery.files_left_out;
        progress.left_out = std::mem::take(&mut discovery.left_out);
        for level in levels() {
            let loads: Vec<_> = level
                .into_iter()
                .map(|dataset| {
                    let found = discovery.count(dataset);
                    self.load_dataset(dataset, discovery.take(dataset), found, progress)
                })
                .collect();
            let mut running =
                stream::iter(loads).buffer_unordered(self.options.parallel_files.max(1));
            while let Some(done) = running.next().await {
                done?;
            }
        }
        if discovery.documents > 0 {
            self.load_documents(progress).await?;
        }
        self.mirror_tables(progress).await?;
        // Also after failed files: their committed rows are loaded.
        derive(&self.session, self.observer.as_ref(), &mut progress.steps).await
    }

    /// Resolves parked rows first: they are older than the new ones. `found` counts the
    /// dataset's files at the source, new or not.
    async fn load_dataset(
        self: &Arc<Self>,
        dataset: &'static Dataset,
        files: Vec<Found>,
        found: usize,
        progress: &RunProgress,
    ) -> Result<()> {
        let target = Arc::new(Target::new(dataset));
        let resolved = retry::resolve_parked(&self.session, &target).await?;
        progress.add(resolved.files);
        let is_mirror = self.options.mode == LoadMode::Mirror;
        for files in files.chunk_by(|before, file| is_small(before) && is_small(file)) {
            if files.len() > 1 && !is_mirror {
                self.load_small(&target, files, progress).await?;
                continue;
            }
            for Found { object, .. } in files {
                let summary = if is_mirror && found > 1 {
                    let error = several_files(dataset.file_stem, found);
                    FileSummary {
                        error: Some(ErrorSummary::from(&error)),
                        ..FileSummary::new(dataset, object.key.clone())
                    }
                } else {
                    self.load_object(&target, object.clone(), progress, None).await?
                };
                progress.add([summary]);
            }
        }
        if resolved.interrupted { Ok(self.session.check_stop()?) } else { Ok(()) }
    }

    async fn load_object(
        self: &Arc<Self>,
        target: &Arc<Target>,
        object: ObjectVersion,
        run: &RunProgress,
        before: Option<Counts>,
    ) -> Result<FileSummary> {
        let begun = Instant::now();
        let mut summary = FileSummary::new(target.dataset, object.key.clone());
        if let Err(interrupted) = self.session.check_stop() {
            summary.error = Some(ErrorSummary::from(&interrupted.into()));
            return Ok(summary);
        }
        self.observer.began(&object);
        let mut progress = FileProgress { begun, of: None, checkpoint: None, before, attempts: 0 };
        match self.load_to_end(target, &object, &mut progress).await {
            Ok((counts, not_loaded_before)) => {
                summary.counts = counts;
                summary.not_loaded_before = not_loaded_before;
                if let (LoadMode::Mirror, Some(of)) = (self.options.mode, progress.of) {
                    let dataset = target.dataset;
                    run.add_complete(Complete { dataset, of, key: object.key.clone() });
                }
            }
            // Another loader took over the whole run.
            Err(error) if error.code() == Code::Locked => return Err(error),
            Err(error) => {
                tracing::error!(%object, error = error.detail(), "the file failed");
                self.fail_file(progress.of, &error).await?;
                summary.counts = self.counts_since(&progress).await?;
                summary.error = Some(ErrorSummary::from(&error));
            }
        }
        summary.seconds = begun.elapsed().as_secs_f64();
        self.observer.ended(&summary);
        Ok(summary)
    }

    /// Loads a file through lost connections, each time from the checkpoint. Returns its
    /// counts in this run, and its rows that earlier runs rejected or parked.
    async fn load_to_end(
        self: &Arc<Self>,
        target: &Arc<Target>,
        object: &ObjectVersion,
        progress: &mut FileProgress,
    ) -> Result<(Counts, i64)> {
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
    ) -> LoadResult<(Counts, i64)> {
        let run = self.session.run();
        let mut connection = self.session.pool.acquire().await?;
        let mapping = self.options.fingerprint(target.dataset);
        let entry = ledger::enter(&mut connection, run, target.dataset, object, mapping).await?;
        let of = RunFile { run, file: entry.id };
        progress.of = Some(of);
        progress.checkpoint = entry.checkpoint.as_ref().map(|checkpoint| checkpoint.offset);
        if progress.before.is_none() {
            progress.before = Some(ledger::run_counts(&mut connection, of).await?);
        }
        drop(connection);
        if !entry.loaded {
            let are_documents = target.dataset.table == DOCUMENTS.table;
            // Documents are no whole table, and never mirrored.
            let mode = if are_documents { LoadMode::Merge } else { self.options.mode };
            self.check_resumable(&entry, mode)?;
            let only_mirror = mode == LoadMode::Mirror && entry.at_end;
            if !only_mirror {
                let job = FileJob {
                    target: Arc::clone(target),
                    object: object.clone(),
                    of,
                    superseded: entry.superseded,
                    mode,
                    begun: progress.begun,
                    find_orphans: AtomicBool::new(false),
                };
                match are_documents {
                    true => load_documents(self, &job, entry.checkpoint).await?,
                    false => load_file(self, &Arc::new(job), entry.checkpoint).await?,
                }
            }
        }
        let mut connection = self.session.pool.acquire().await?;
        let all = ledger::not_loaded(&mut connection, of.file).await?;
        let own = ledger::run_counts(&mut connection, of).await?;
        drop(connection);
        let before = (all - own.rejected - own.parked).max(0);
        Ok((self.counts_since(progress).await?, before))
    }

    /// Checks the options against a file that an earlier run has begun.
    fn check_resumable(&self, entry: &FileEntry, mode: LoadMode) -> Result<()> {
        if entry.checkpoint.is_none() {
            return Ok(());
        }
        match (entry.mode, mode) {
            (LoadMode::Merge, LoadMode::Mirror) => {
                let message = "a part of this file was loaded in merge mode, so that not all of \
                               its keys are known; finish it with --mode merge, or put it anew";
                return Err(Error::new(Code::Conflict, message));
            }
            (LoadMode::Mirror, LoadMode::Merge) => {
                let message = "an earlier run has begun to mirror this file; finish it with \
                               --mode mirror, or put it anew";
                return Err(Error::new(Code::Conflict, message));
            }
            _ => {}
        }
        if self.options.atomic && !entry.at_end {
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
    pub(super) async fn fail_file(&self, of: Option<RunFile>, error: &Error) -> LoadResult<()> {
        if let (Some(of), false) = (of, self.session.stop.is_cancelled()) {
            let mut connection = self.session.pool.acquire().await?;
            ledger::fail_file(&mut connection, of, error).await?;
        }
        Ok(())
    }

    async fn end(
        &self,
        done: Result<()>,
        progress: RunProgress,
        source: String,
        begun: Instant,
    ) -> Result<RunSummary> {
        let files = progress.take_files();
        let error = done.err();
        if let Some(error) = &error {
            tracing::error!(error = error.detail(), "the run failed");
        }
        let summary = RunSummary {
            run_id: Some(self.session.run()),
            files_found: progress.found,
            files_skipped: progress.skipped,
            files_left_out: progress.files_left_out,
            left_out: progress.left_out,
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
