//! After the files of a run: the tables of complete files are mirrored.

use super::context::Context;
use super::progress::{Complete, RunProgress};
use super::summary::{ErrorSummary, FileSummary};
use crate::dataset;
use crate::error::{Code, Result};
use crate::load::counts::Counts;
use crate::load::mirror::{Overruled, Removal, remove_missing};

impl Context {
    /// Removes what complete files lack. Children come first: a row that only a removed one
    /// referred to can be removed, too.
    pub(super) async fn mirror_tables(&self, progress: &RunProgress) -> Result<()> {
        for dataset in dataset::ALL.iter().rev() {
            if let Some(file) = progress.take_complete(dataset.table) {
                self.mirror(file, progress).await?;
            }
        }
        Ok(())
    }

    async fn mirror(&self, file: Complete, progress: &RunProgress) -> Result<()> {
        let removal = Removal::new(file.dataset, self.session.layout);
        let share = self.options.max_removed;
        let raw = file.raw.as_deref();
        let attempt = || remove_missing(&self.session, &removal, file.of, share, raw);
        let done = self.session.retry("mirror", attempt).await;
        let error = match &done {
            // Another loader took over the whole run.
            Err(error) if error.code() == Code::Locked => return done.map(drop),
            Err(error) => {
                let key = &file.key;
                tracing::error!(key, error = error.detail(), "the table was not mirrored");
                self.fail_file(Some(file.of), error).await?;
                self.forget_raw(raw).await;
                Some(ErrorSummary::from(error))
            }
            Ok(_) => None,
        };
        let (counts, overruled) = done.unwrap_or_default();
        let summary = progress.amend(&file, |summary| {
            summary.counts += counts;
            summary.error = error;
        });
        summary.iter().for_each(|summary| self.observer.mirrored(summary));
        progress.add(overruled.into_iter().map(|Overruled { key, rows }| FileSummary {
            counts: Counts { unchanged: rows, parked: -rows, ..Counts::default() },
            ..FileSummary::new(file.dataset, key)
        }));
        Ok(())
    }
}
