//! A run: takes the lock, finds the files, loads parents before children and
//! independent files side by side, resolves what was parked, and ends with an
//! outcome that the ledger, the exit code and the caller share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use super::counts::Counts;
use super::decode::BatchLimits;
use super::discover::discover;
use super::failure::Failure;
use super::kept;
use super::ledger::{self, RunEnd};
use super::lock::NewRun;
use super::merge::Target;
use super::observe::Observer;
use super::pipeline::{FileJob, LANES, load_file};
use super::session::Session;
use super::summary::{FileError, FileSummary, Outcome, RunSummary};
use crate::config::MaxRejects;
use crate::dataset::{self, Dataset};
use crate::error::{Error, Result};
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
const MOST_ATTEMPTS: usize = 5;

impl Load {
    /// Runs to the end. An error means that no run took place or that its outcome
    /// is unknown; a file that failed is told in the summary.
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
        let worked = context.work().await;
        context.end(worked, uri, begun).await
    }
}

/// What the body of a run did.
#[derive(Debug, Default)]
struct Worked {
    found: usize,
    skipped: usize,
    files: Vec<FileSummary>,
}

impl Context {
    async fn work(self: &Arc<Self>) -> Result<Worked> {
        let mut discovery = {
            let mut connection = self.session.lock.connection().await;
            discover(&self.source, Some(&mut connection)).await?
        };
        let mut worked =
            Worked { found: discovery.found(), skipped: discovery.skipped, files: Vec::new() };
        for level in levels() {
            let loads: Vec<_> = level
                .into_iter()
                .map(|dataset| self.load_dataset(dataset, discovery.take(dataset)))
                .collect();
            let mut running =
                stream::iter(loads).buffer_unordered(self.options.parallel_files.max(1));
            while let Some(done) = running.next().await {
                worked.files.extend(done?);
            }
        }
        Ok(worked)
    }

    /// Rows that waited for a parent come first: they are older than the new ones.
    async fn load_dataset(
        self: &Arc<Self>,
        dataset: &'static Dataset,
        files: Vec<ObjectVersion>,
    ) -> Result<Vec<FileSummary>> {
        let target = Arc::new(Target::new(dataset));
        let mut summaries = kept::resolve_parked(&self.session, &target).await?;
        for object in files {
            summaries.push(self.load_found(&target, object).await?);
        }
        Ok(summaries)
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
        let result = self.load_to_end(target, &object, begun).await;
        let (counts, error) = match result {
            Ok(counts) => (counts, None),
            Err((file, error)) => (self.note_failure(file, &object, &error).await?, Some(error)),
        };
        let summary = FileSummary {
            dataset: target.dataset.table,
            key: object.key,
            counts,
            seconds: begun.elapsed().as_secs_f64(),
            error: error
                .map(|error| FileError { code: error.code().as_str(), message: error.detail() }),
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
        begun: Instant,
    ) -> Result<Counts, (Option<i32>, Error)> {
        let mut attempts = 0;
        let mut reached = None;
        let mut known = None;
        loop {
            let result = self.attempt(target, object, begun, &mut known, &mut reached).await;
            match result {
                Ok(counts) => return Ok(counts),
                Err((Failure::Fatal(error), _)) => return Err((known, error)),
                Err((Failure::Lost(error), progress)) => {
                    attempts = if progress { 1 } else { attempts + 1 };
                    if attempts > MOST_ATTEMPTS {
                        return Err((known, error));
                    }
                    tracing::warn!(%object, error = error.detail(), "taking the file up again");
                    self.session.lock.recover(error).await.map_err(|error| (known, error))?;
                }
            }
        }
    }

    /// One attempt; `known` and `reached` carry the file's id and checkpoint from
    /// attempt to attempt.
    async fn attempt(
        self: &Arc<Self>,
        target: &Arc<Target>,
        object: &ObjectVersion,
        begun: Instant,
        known: &mut Option<i32>,
        reached: &mut Option<u64>,
    ) -> Result<Counts, (Failure, bool)> {
        let stuck = |failure: Failure| (failure, false);
        let lost = |error: sqlx::Error| stuck(error.into());
        let mut connection = self.session.pool.acquire().await.map_err(lost)?;
        let entry = ledger::enter(&mut connection, self.session.run(), target.dataset, object)
            .await
            .map_err(stuck)?;
        drop(connection);
        *known = Some(entry.id);
        let at = entry.resume.as_ref().map(|resume| resume.offset);
        let progress = at > *reached;
        *reached = at;
        if !entry.loaded {
            let job = FileJob {
                target: Arc::clone(target),
                object: object.clone(),
                file: entry.id,
                begun,
                look_for_orphans: AtomicBool::new(false),
            };
            load_file(self, &Arc::new(job), entry.resume)
                .await
                .map_err(|failure| (failure, progress))?;
        }
        let mut connection = self.session.pool.acquire().await.map_err(lost)?;
        ledger::run_counts(&mut connection, self.session.run(), entry.id).await.map_err(stuck)
    }

    /// A file that failed is told as such in the ledger, unless it was only
    /// interrupted: then the next run goes on with it.
    async fn note_failure(
        &self,
        file: Option<i32>,
        object: &ObjectVersion,
        error: &Error,
    ) -> Result<Counts> {
        tracing::error!(%object, error = error.detail(), "the file failed");
        let Some(file) = file else { return Ok(Counts::default()) };
        let mut connection = self.session.pool.acquire().await.map_err(Failure::from)?;
        if !self.session.stop.is_cancelled() {
            ledger::fail_file(&mut connection, self.session.run(), file, error).await?;
        }
        Ok(ledger::run_counts(&mut connection, self.session.run(), file).await?)
    }

    async fn end(
        &self,
        worked: Result<Worked>,
        source: String,
        begun: Instant,
    ) -> Result<RunSummary> {
        let (worked, failure) = match worked {
            Ok(worked) => (worked, None),
            Err(error) => (Worked::default(), Some(error)),
        };
        let outcome = match &failure {
            Some(_) => Outcome::Failed,
            None => RunSummary::outcome_of(&worked.files),
        };
        let of_file = worked.files.iter().find_map(|file| file.error.as_ref());
        let error = match (&failure, of_file) {
            (Some(error), _) => Some((error.code().as_str(), error.message())),
            (None, Some(error)) => Some((error.code, error.message.as_str())),
            (None, None) => None,
        };
        let end = RunEnd {
            state: outcome.as_str(),
            files_found: worked.found,
            files_skipped: worked.skipped,
            error,
        };
        let ended = self.session.end(end).await;
        if let Some(error) = failure {
            return Err(error);
        }
        ended?;
        Ok(RunSummary {
            run_id: Some(self.session.run()),
            outcome,
            source,
            files_found: worked.found,
            files_skipped: worked.skipped,
            totals: RunSummary::totals_of(&worked.files),
            files: worked.files,
            seconds: begun.elapsed().as_secs_f64(),
        })
    }
}

/// A file that an interrupted run did not come to: the next one does.
fn not_begun(target: &Target, object: ObjectVersion, interrupted: &Error) -> FileSummary {
    let error = FileError { code: interrupted.code().as_str(), message: interrupted.detail() };
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
                vec!["person", "product"],
                vec!["customer", "special_offer_product"],
                vec!["sales_order"],
                vec!["sales_order_line"]
            ]
        );
    }
}
