//! What a run has done so far.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::summary::{FileSummary, LeftOut, StepSummary};
use crate::dataset::Dataset;
use crate::load::ledger::RunFile;
use crate::load::raw::keeping::FileRaw;

/// A mirrored file that is read to its end.
#[derive(Debug)]
pub(super) struct Complete {
    pub(super) dataset: &'static Dataset,
    pub(super) of: RunFile,
    pub(super) key: String,
    /// Its copy; none if the ledger has it as loaded.
    pub(super) raw: Option<Arc<FileRaw>>,
}

/// What a run has done.
#[derive(Debug, Default)]
pub(super) struct RunProgress {
    pub(super) found: usize,
    pub(super) skipped: usize,
    pub(super) files_left_out: usize,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) steps: Vec<StepSummary>,
    /// Files in the order in which they ended; concurrent datasets share it.
    files: Mutex<Vec<FileSummary>>,
    /// Files whose tables are yet to be mirrored.
    complete: Mutex<Vec<Complete>>,
}

impl RunProgress {
    pub(super) fn add(&self, files: impl IntoIterator<Item = FileSummary>) {
        lock(&self.files).extend(files);
    }

    pub(super) fn add_complete(&self, file: Complete) {
        lock(&self.complete).push(file);
    }

    pub(super) fn take_complete(&self, table: &str) -> Option<Complete> {
        let mut complete = lock(&self.complete);
        let at = complete.iter().position(|file| file.dataset.table == table)?;
        Some(complete.swap_remove(at))
    }

    /// Changes the summary of a file, and returns it.
    pub(super) fn amend(
        &self,
        file: &Complete,
        change: impl FnOnce(&mut FileSummary),
    ) -> Option<FileSummary> {
        let mut files = lock(&self.files);
        let of_file =
            |known: &&mut FileSummary| known.dataset == file.dataset.table && known.key == file.key;
        let summary = files.iter_mut().rfind(of_file)?;
        change(summary);
        Some(summary.clone())
    }

    pub(super) fn take_files(&self) -> Vec<FileSummary> {
        std::mem::take(&mut lock(&self.files))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
