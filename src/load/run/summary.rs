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
    /// Files whose name is nearly that of a dataset's, and which were left out.
    pub files_left_out: usize,
    /// The first of them.
    pub left_out: Vec<LeftOut>,
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
    /// Rows that earlier runs rejected or parked and that still are.
    pub not_loaded_before: i64,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Why it failed, if it did.
    pub error: Option<ErrorSummary>,
    /// The first findings of a check; a load writes them to the ledger instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<RejectSample>,
    /// Rows a check accepted of which a quoted field may have taken in others.
    #[serde(skip_serializing_if = "is_zero")]
    pub doubtful: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubtful_samples: Vec<DoubtfulSample>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A file that was left out because of its name.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    /// Key of the object, or path of the file.
    pub key: String,
    /// What such a file is called: patterns of names.
    pub expected: String,
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
    /// The object it is of, where the file is a page of documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// First line of its record; the header is line 1. In a page, the number of the document.
    pub line: u64,
    /// The invalid column, in a document a JSON pointer; `None` if the whole record is invalid.
    pub column: Option<String>,
    /// The reason code.
    pub reason: &'static str,
    /// What was found and what was expected.
    pub message: String,
}

/// A row with a line within a quoted field that may be a row of its own.
#[derive(Debug, Clone, Serialize)]
pub struct DoubtfulSample {
    /// First line of its record; the header is line 1.
    pub line: u64,
    /// The line within.
    pub inner_line: u64,
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
            not_loaded_before: 0,
            seconds: 0.0,
            error: None,
            samples: Vec::new(),
            doubtful: 0,
            doubtful_samples: Vec::new(),
        }
    }
}

impl FileSummary {
    /// Whether rows of the file are rejected or parked, by this run or by earlier ones that
    /// it has finished for.
    fn lacks_rows(&self) -> bool {
        self.counts.rejected > 0 || self.counts.parked > 0 || self.not_loaded_before > 0
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
        } else if files.iter().any(FileSummary::lacks_rows) {
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
            files_left_out: 0,
            left_out: Vec::new(),
            files,
            totals,
            steps: Vec::new(),
            error: error.map(ErrorSummary::from),
            seconds: begun.elapsed().as_secs_f64(),
        }
    }

    /// The error of the run, or of the first file that failed.
    #[must_use]
    pub fn first_error(&self) -> Option<&ErrorSummary> {
        self.error.as_ref().or_else(|| self.files.iter().find_map(|file| file.error.as_ref()))
    }
}
