//! One file of a run, to its end: through lost connections, each time from its checkpoint.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::context::Context;
use super::progress::{Complete, RunProgress};
use super::session::MAX_RETRIES;
use super::summary::{ErrorSummary, FileSummary};
use crate::config::LoadMode;
use crate::error::{Code, Error, Result};
use crate::load::counts::Counts;
use crate::load::document::file::load_documents;
use crate::load::document::name::DOCUMENTS;
use crate::load::failure::{Failure, LoadResult};
use crate::load::file::merge::Target;
use crate::load::file::pipeline::{FileJob, REJECTS_STORED, check_rejects, load_file};
use crate::load::ledger::{self, FileEntry, RunFile};
use crate::load::raw::keeping::FileRaw;
use crate::storage::ObjectVersion;

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
    /// Its copy, of the last attempt.
    raw: Option<Arc<FileRaw>>,
}

impl Context {
    pub(super) async fn load_object(
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
        let mut progress =
            FileProgress { begun, of: None, checkpoint: None, before, attempts: 0, raw: None };
        match self.load_to_end(target, &object, &mut progress).await {
            Ok((counts, not_loaded_before)) => {
                summary.counts = counts;
                summary.not_loaded_before = not_loaded_before;
                if let (LoadMode::Mirror, Some(of)) = (self.options.mode, progress.of) {
                    let (dataset, key) = (target.dataset, object.key.clone());
                    run.add_complete(Complete { dataset, of, key, raw: progress.raw.take() });
                }
            }
            // Another loader took over the whole run.
            Err(error) if error.code() == Code::Locked => return Err(error),
            Err(error) => {
                tracing::error!(%object, error = error.detail(), "the file failed");
                self.fail_file(progress.of, &error).await?;
                self.forget_raw(progress.raw.as_deref()).await;
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
        let reading = self.reading();
        let entry =
            ledger::enter(&mut connection, reading, target.dataset, object, mapping).await?;
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
            let raw = Arc::new(FileRaw::start(self.keeper.as_ref(), target.dataset.table, object));
            progress.raw = Some(Arc::clone(&raw));
            if !only_mirror {
                let job = FileJob {
                    target: Arc::clone(target),
                    object: object.clone(),
                    of,
                    superseded: entry.superseded,
                    mode,
                    begun: progress.begun,
                    find_orphans: AtomicBool::new(self.manner(target.dataset).find_orphans),
                    raw,
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
    /// A file that failed has no manifest in the lake, unless it was interrupted.
    pub(super) async fn forget_raw(&self, raw: Option<&FileRaw>) {
        if let (Some(raw), false) = (raw, self.session.stop.is_cancelled()) {
            raw.forget().await;
        }
    }
}
