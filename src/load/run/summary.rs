//! The outcome of a run, for the table, `--json` and the exit code.

use std::time::Instant;

use serde::Serialize;
use uuid::Uuid;

use crate::dataset::Dataset;
use crate::error::Error;
use crate::load::counts::Counts;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every row of every file is loaded.
    Succeeded,
    /// Every file was read to its end; some rows were rejected or parked.
    SucceededWithRejects,
    /// A file failed.
    Failed,
}

impl Outcome {
    /// The state in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::SucceededWithRejects => "succeeded_with_rejects",
            Self::Failed => "failed",
        }
    }
}

/// A run that ended.
#[derive(Debug, Clone, Serialize)]
pub struct RunSummary {
    /// The run in the ledger; `None` for a check, which writes nothing.
    pub run_id: Option<Uuid>,
    /// How it ended.
    pub outcome: Outcome,
    /// The source that was searched.
    pub source: String,
    /// Files whose name matches a dataset.
    pub files_found: usize,
    /// Of these, versions loaded before.
    pub files_skipped: usize,
    /// The files this run worked on, in the order in which they ended.
    pub files: Vec<FileSummary>,
    /// Their sums.
    pub totals: Counts,
    /// The derived data it brought up to date.
    pub steps: Vec<StepSummary>,
    /// Why the run as a whole failed; `None` if only single files did.
    pub error: Option<ErrorSummary>,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// One file of a run.
#[derive(Debug, Clone, Serialize)]
pub struct FileSummary {
    /// The table of its rows.
    pub dataset: &'static str,
    /// Key of the object, or path of the file.
    pub key: String,
    /// The outcome of its rows in this run. `read` excludes resolved rows, which an
    /// earlier run has read and parked.
    #[serde(flatten)]
    pub counts: Counts,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Why it failed, if it did.
    pub error: Option<ErrorSummary>,
    /// The first findings of a check; a load writes them to the ledger instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<RejectSample>,
}

/// A derivation that a run executed after its files.
#[derive(Debug, Clone, Serialize)]
pub struct StepSummary {
    /// Its name.
    pub step: &'static str,
    /// Rows inserted, updated or deleted.
    pub rows_written: i64,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// A row that a check would reject.
#[derive(Debug, Clone, Serialize)]
pub struct RejectSample {
    /// First line of its record; the header is line 1.
    pub line: u64,
    /// The invalid column; `None` if the whole record is invalid.
    pub column: Option<&'static str>,
    /// The reason code.
    pub reason: &'static str,
    /// What was found and what was expected.
    pub message: String,
}

/// Why a file or a run failed.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorSummary {
    /// The constant code.
    pub code: &'static str,
    /// The message.
    pub message: String,
}

impl From<&Error> for ErrorSummary {
    fn from(error: &Error) -> Self {
        Self { code: error.code().as_str(), message: error.message().to_owned() }
    }
}

impl FileSummary {
    /// A file of which nothing is done yet.
    pub(crate) fn new(dataset: &Dataset, key: String) -> Self {
        Self {
            dataset: dataset.table,
            key,
            counts: Counts::default(),
            seconds: 0.0,
            error: None,
            samples: Vec::new(),
        }
    }
}

impl RunSummary {
    /// Outcome and totals follow from the files and the error.
    pub(crate) fn new(
        source: String,
        files: Vec<FileSummary>,
        error: Option<&Error>,
        begun: Instant,
    ) -> Self {
        let mut totals = Counts::default();
        files.iter().for_each(|file| totals += file.counts);
        let outcome = if error.is_some() || files.iter().any(|file| file.error.is_some()) {
            Outcome::Failed
        } else if files.iter().any(|file| file.counts.rejected > 0 || file.counts.parked > 0) {
            Outcome::SucceededWithRejects
        } else {
            Outcome::Succeeded
        };
        Self {
            run_id: None,
            outcome,
            source,
            files_found: 0,
            files_skipped: 0,
            files,
            totals,
            steps: Vec::new(),
            error: error.map(ErrorSummary::from),
            seconds: begun.elapsed().as_secs_f64(),
        }
    }

    /// The error of the run, or of the first file that failed.
    pub(crate) fn first_error(&self) -> Option<&ErrorSummary> {
        self.error.as_ref().or_else(|| self.files.iter().find_map(|file| file.error.as_ref()))
    }
}
