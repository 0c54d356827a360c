//! A run: takes the lock, finds the files, loads parents before children and
//! independent files side by side, resolves what was parked, brings up to date what
//! is made of the rows, and ends with an outcome that the ledger, the exit code and
//! the caller share.

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

use self::discover::discover;
use self::lock::NewRun;
use self::observe::Observer;
use self::session::Session;
use self::summary::{FileError, FileSummary, Outcome, RunSummary, StepSummary};
use crate::config::MaxRejects;
use crate::dataset::{self, Dataset};
use crate::error::{Code, Error, Result};
use crate::load::counts::Counts;
use crate::load::decode::BatchLimits;
use crate::load::derive::derive;
use crate::load::failure::{Failure, Step};
use crate::load::file::merge::Target;
use crate::load::file::pipeline::{FileJob, KEPT, LANES, load_file, within_bound};
use crate::load::ledger::{self, FileEntry, RunEnd};
use crate::load::rejects::retry;
use crate::storage::{ObjectVersion, Source};

/// How to load.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Bounds of batches and records.
    pub limits: BatchLimits,
    /// Independent files side by side.
    pub parallel_files: usize,
    /// Rejects a file may have before it fails.
    pub max_rejects: Option<MaxRejects>,
    /// Each file in one transaction.
    pub atomic: bool,
}

/// What a run needs.
pub struct Load {
    /// Where Postgres is.
    pub database: PgConnectOptions,
    /// Where the files are.
    pub source: Source,
    /// How to load them.
    pub options: LoadOptions,
    /// Who watches.
    pub observer: Arc<dyn Observer>,
    /// Ends the run after the batches under way.
    pub stop: CancellationToken,
}

/// What the parts of a run share.
pub(crate) struct Context {
    pub(crate) session: Session,
    pub(crate) source: Source,
    pub(crate) options: LoadOptions,
    pub(crate) observer: Arc<dyn Observer>,
}

/// How often in a row a file is taken up again without any progress.
pub(crate) const MOST_ATTEMPTS: usize = 5;

impl Load {
    /// Runs to the end. An error means that no run took place, or that its end is
    /// not in the ledger; what failed within the run is told in the summary.
    pub async fn run(self) -> Result<RunSummary> {
        let begun = Instant::now();
        let uri = self.source.uri().to_string();
        let new = NewRun { source_uri: &uri, atomic: self.options.atomic };
        let connections = self.options.parallel_files.max(1) * LANES;
        let limits = self.options.limits;
        let session = Session::begin(self.database, connections, new, limits, self.stop).await?;
        let context = Arc::new(Context {
            session,
            source: self.source,
            options: self.options,
            observer: self.observer,
        });
        let mut worked = Worked::default();
        let done = context.work(&mut worked).await;
        context.end(done, worked, uri, begun).await
    }
}

/// How far the loading of a file has come, over several attempts.
struct Progress {
    begun: Instant,
    file: Option<i32>,
    /// The checkpoint at the last attempt's beginning.
    reached: Option<u64>,
    /// What this run had done to the file before, when it resolved parked rows.
    before: Option<Counts>,
    /// Attempts in a row that came no further.
    attempts: usize,
}

impl Progress {
    fn new(begun: Instant) -> Self {
        Self { begun, file: None, reached: None, before: None, attempts: 0 }
    }
}

/// What the body of a run did.
#[derive(Debug, Default)]
struct Worked {
    found: usize,
    skipped: usize,
    /// Files as they ended; datasets side by side share it.
    files: Mutex<Vec<FileSummary>>,
    /// What was done after them.
    steps: Vec<StepSummary>,
}

impl Worked {
    fn add(&self, files: impl IntoIterator<Item = FileSummary>) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).extend(files);
    }
}

impl Context {
    /// Loads what is new; `worked` holds what was done, also after a failure.
    async fn work(self: &Arc<Self>, worked: &mut Worked) -> Result<()> {
        let mut discovery = {
            let mut connection = self.session.lock.connection().await;
            discover(&self.source, Some(&mut connection)).await?
        };
        worked.found = discovery.found();
        worked.skipped = discovery.skipped;
        for level in levels() {
            let loads: Vec<_> = level
                .into_iter()
                .map(|dataset| self.load_dataset(dataset, discovery.take(dataset), worked))
                .collect();
            let mut running =
                stream::iter(loads).buffer_unordered(self.options.parallel_files.max(1));
            while let Some(done) = running.next().await {
                done?;
            }
        }
        // Also after files that failed: what is in, is in.
        derive(&self.session, self.observer.as_ref(), &mut worked.steps).await
    }

    /// Rows that waited for a parent come first: they are older than the new ones.
    async fn load_dataset(
        self: &Arc<Self>,
        dataset: &'static Dataset,
        files: Vec<ObjectVersion>,
        worked: &Worked,
    ) -> Result<()> {
        let target = Arc::new(Target::new(dataset));
        let resolved = retry::resolve_parked(&self.session, &target).await?;
        worked.add(resolved.files);
        for object in files {
            worked.add([self.load_found(&target, object).await?]);
        }
        if resolved.interrupted { Ok(self.session.check_stop()?) } else { Ok(()) }
    }

    async fn load_found(
        self: &Arc<Self>,
        target: &Arc<Target>,
        object: ObjectVersion,
    ) -> Result<FileSummary> {
        let begun = Instant::now();
        if let Err(interrupted) = self.session.check_stop() {
            return Ok(not_begun(target, object, &interrupted.into()));
        }
        self.observer.began(&object);
        let mut progress = Progress::new(begun);
        let (counts, error) = match self.load_to_end(target, &object, &mut progress).await {
            Ok(counts) => (counts, None),
            // The whole run is another loader's now.
            Err(error) if error.code() == Code::Locked => return Err(error),
            Err(error) => {
                tracing::error!(%object, error = error.detail(), "the file failed");
                (self.note_failure(&progress, &error).await?, Some(error))
            }
        };
        let summary = FileSummary {
            dataset: target.dataset.table,
            key: object.key,
            counts,
            seconds: begun.elapsed().as_secs_f64(),
            error: error.map(|error| FileError {
                code: error.code().as_str(),
                message: error.message().to_owned(),
            }),
            samples: Vec::new(),
        };
        self.observer.ended(&summary);
        Ok(summary)
    }

    /// Loads a file through lost connections, each time from the checkpoint.
    async fn load_to_end(
        self: &Arc<Self>,
        target: &Arc<Target>,
        object: &ObjectVersion,
        progress: &mut Progress,
    ) -> Result<Counts> {
        loop {
            let before = progress.reached;
            match self.attempt(target, object, progress).await {
                Ok(counts) => return Ok(counts),
                Err(Failure::Fatal(error)) => return Err(error),
                Err(Failure::Lost(error)) => {
                    progress.attempts =
                        if progress.reached > before { 1 } else { progress.attempts + 1 };
                    if progress.attempts > MOST_ATTEMPTS {
                        return Err(error);
                    }
                    tracing::warn!(%object, error = error.detail(), "taking the file up again");
                    self.session.lock.recover(error).await?;
                }
            }
        }
    }

    async fn attempt(
        self: &Arc<Self>,
        target: &Arc<Target>,
        object: &ObjectVersion,
        progress: &mut Progress,
    ) -> Step<Counts> {
        let run = self.session.run();
        let mut connection = self.session.pool.acquire().await?;
        let entry = ledger::enter(&mut connection, run, target.dataset, object).await?;
        progress.file = Some(entry.id);
        progress.reached = entry.resume.as_ref().map(|resume| resume.offset);
        let before = match progress.before {
            Some(before) => before,
            None => ledger::run_counts(&mut connection, run, entry.id).await?,
        };
        progress.before = Some(before);
        drop(connection);
        if !entry.loaded {
            self.may_go_on(&entry)?;
            let job = FileJob {
                target: Arc::clone(target),
                object: object.clone(),
                file: entry.id,
                begun: progress.begun,
                look_for_orphans: AtomicBool::new(false),
            };
            load_file(self, &Arc::new(job), entry.resume).await?;
        }
        self.counts_since(progress).await
    }

    /// What must hold for a file that an earlier run has begun.
    fn may_go_on(&self, entry: &FileEntry) -> Result<()> {
        if entry.resume.is_none() {
            return Ok(());
        }
        if self.options.atomic {
            let message = "an earlier run without --atomic has loaded a part of this file; \
                           finish it without --atomic";
            return Err(Error::new(Code::Conflict, message));
        }
        within_bound(self.options.max_rejects, entry.totals, false, KEPT)
    }

    /// What was done to the file since this run came to it; rows of it that were
    /// resolved before are told apart.
    async fn counts_since(&self, progress: &Progress) -> Step<Counts> {
        let (Some(file), Some(before)) = (progress.file, progress.before) else {
            return Ok(Counts::default());
        };
        let mut connection = self.session.pool.acquire().await?;
        let now = ledger::run_counts(&mut connection, self.session.run(), file).await?;
        Ok(now - before)
    }

    /// A file that failed is told as such in the ledger, unless it was only
    /// interrupted: then the next run goes on with it.
    async fn note_failure(&self, progress: &Progress, error: &Error) -> Result<Counts> {
        let Some(file) = progress.file else { return Ok(Counts::default()) };
        if !self.session.stop.is_cancelled() {
            let mut connection = self.session.pool.acquire().await?;
            ledger::fail_file(&mut connection, self.session.run(), file, error).await?;
        }
        Ok(self.counts_since(progress).await?)
    }

    async fn end(
        &self,
        done: Result<()>,
        worked: Worked,
        source: String,
        begun: Instant,
    ) -> Result<RunSummary> {
        let files = worked.files.into_inner().unwrap_or_else(PoisonError::into_inner);
        let error = done.err().map(|error| {
            tracing::error!(error = error.detail(), "the run failed");
            FileError { code: error.code().as_str(), message: error.message().to_owned() }
        });
        let outcome = match &error {
            Some(_) => Outcome::Failed,
            None => RunSummary::outcome_of(&files),
        };
        let first = error.as_ref().or(files.iter().find_map(|file| file.error.as_ref()));
        let end = RunEnd {
            state: outcome.as_str(),
            files_found: worked.found,
            files_skipped: worked.skipped,
            error: first.map(|error| (error.code, error.message.as_str())),
        };
        self.session.end(end).await?;
        Ok(RunSummary {
            run_id: Some(self.session.run()),
            outcome,
            source,
            files_found: worked.found,
            files_skipped: worked.skipped,
            totals: RunSummary::totals_of(&files),
            files,
            steps: worked.steps,
            error,
            seconds: begun.elapsed().as_secs_f64(),
        })
    }
}

/// A file that an interrupted run did not come to: the next one does.
fn not_begun(target: &Target, object: ObjectVersion, interrupted: &Error) -> FileSummary {
    let error =
        FileError { code: interrupted.code().as_str(), message: interrupted.message().to_owned() };
    FileSummary {
        dataset: target.dataset.table,
        key: object.key,
        counts: Counts::default(),
        seconds: 0.0,
        error: Some(error),
        samples: Vec::new(),
    }
}

/// The datasets by how far from the roots they are: those of one level do not
/// refer to each other.
pub(crate) fn levels() -> Vec<Vec<&'static Dataset>> {
    let mut levels: Vec<Vec<&'static Dataset>> = Vec::new();
    for dataset in dataset::ALL {
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
    fn parents_lie_on_earlier_levels() {
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
