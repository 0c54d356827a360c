//! A run: `discover` lists the source, `lock` and `session` hold what the run needs, `bulk` sets
//! aside what slows a first load down,
//! `observe` and `summary` report it, `progress` gathers it, `small` groups small files, `file`
//! loads one, `documents` loads those. Here it is conducted: parents
//! before children, parked rows before new files, independent files concurrently, then what
//! `mirror` removes, derived tables last. The ledger, the exit code and the caller share one
//! outcome.

pub(super) mod bulk;
pub(super) mod connection;
pub(super) mod context;
pub(super) mod discover;
mod documents;
mod file;
pub(super) mod known;
pub(super) mod lock;
mod mirror;
pub(super) mod observe;
mod progress;
pub(super) mod session;
mod small;
pub(super) mod summary;

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use self::bulk::{Bulk, put_back};
use self::context::{Context, LoadOptions};
use self::discover::{Discovery, Found, discover};
use self::known::RunAs;
use self::lock::NewRun;
use self::observe::Observer;
use self::progress::RunProgress;
use self::session::Session;
use self::small::is_small;
use self::summary::{ErrorSummary, FileSummary, RunSummary};
use crate::config::LoadMode;
use crate::dataset::{self, Dataset};
use crate::db::set_aside::NewRows;
use crate::error::{Code, Result};
use crate::load::counts::bigint;
use crate::load::derive::{derive_lake, derive_tables};
use crate::load::file::merge::Target;
use crate::load::file::pipeline::BATCHES_IN_FLIGHT;
use crate::load::mirror::several_files;
use crate::load::raw::keeper::Keeper;
use crate::load::raw::retention::remove_old;
use crate::load::rejects::retry;
use crate::storage::Source;

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
        let session = Session::begin(self.database, connections, new, known, limits, self.stop);
        let session = Box::pin(session).await?;
        let keeper = self
            .options
            .raw
            .as_ref()
            .map(|raw| Arc::new(Keeper::new(raw, self.source.clone(), session.pool.clone())));
        let context = Arc::new(Context {
            session,
            source: self.source,
            options: self.options,
            observer: self.observer,
            keeper,
            bulk: OnceLock::new(),
        });
        let mut progress = RunProgress::default();
        // On the heap: whoever loads need not have room for all of it.
        let done = Box::pin(context.load_all(&mut progress)).await;
        Box::pin(context.end(done, progress, uri, begun)).await
    }
}

impl Context {
    /// Loads all new files; `progress` is valid also after a failure.
    async fn load_all(self: &Arc<Self>, progress: &mut RunProgress) -> Result<()> {
        if let Some(raw) = self.options.raw.as_ref().filter(|_| !self.options.again) {
            raw.lake.check_apart(self.source.uri())?;
        }
        let mut discovery = {
            let mut connection = self.session.lock.connection().await;
            let ledger = Some((&mut *connection, self.reading()));
            discover(&self.source, &self.options, ledger).await?
        };
        progress.found = discovery.found();
        progress.skipped = discovery.skipped;
        progress.files_left_out = discovery.files_left_out;
        progress.left_out = std::mem::take(&mut discovery.left_out);
        let bulk = Bulk::begin(&self.session, &self.new_rows(&discovery)).await?;
        // Nothing else sets it.
        let _ = self.bulk.set(bulk);
        let loaded = self.load_found(&mut discovery, progress).await;
        match loaded {
            // Another loader took over the whole run, and what is set aside.
            Err(error) if error.code() == Code::Locked => return Err(error),
            Ok(()) if self.options.mode == LoadMode::Merge => {
                let derived =
                    derive_tables(&self.session, self.observer.as_ref(), &mut progress.steps);
                let (back, derived) = tokio::join!(put_back(&self.session), derived);
                back?;
                derived?;
            }
            loaded => {
                let back = put_back(&self.session).await;
                loaded?;
                back?;
                self.mirror_tables(progress).await?;
                derive_tables(&self.session, self.observer.as_ref(), &mut progress.steps).await?;
            }
        }
        // Also after failed files: their committed rows are loaded.
        derive_lake(&self.session, self.observer.as_ref(), &mut progress.steps).await?;
        self.remove_old_raw().await;
        Ok(())
    }

    /// The tables with much to load.
    fn new_rows(&self, discovery: &Discovery) -> Vec<NewRows> {
        let all = dataset::ALL.iter().map(|dataset| (dataset.table, discovery.bytes(dataset)));
        let much = all.filter(|(_, bytes)| *bytes > 0 && *bytes >= self.options.bulk_bytes);
        much.map(|(table, bytes)| NewRows { table, bytes: bigint(bytes) }).collect()
    }

    /// Loads the files, parents before children, and then the documents.
    async fn load_found(
        self: &Arc<Self>,
        discovery: &mut Discovery,
        progress: &mut RunProgress,
    ) -> Result<()> {
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
        Ok(())
    }

    /// What cannot be removed now is removed by a later run.
    async fn remove_old_raw(&self) {
        let Some(options) = self.options.raw.as_ref().filter(|_| !self.options.again) else {
            return;
        };
        match remove_old(options, &self.session.pool, &self.session.stop).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "removed old files from the lake"),
            Err(error) => {
                tracing::warn!(
                    error = error.detail(),
                    "old files stay in the lake until a later run"
                );
            }
        }
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
        let target = Arc::new(Target::new(dataset, self.session.layout));
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
