//! The outcome of a run, for the table, for `--json` and for the exit code.

use serde::Serialize;
use uuid::Uuid;

use crate::load::counts::Counts;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every row of every file is in.
    Succeeded,
    /// Every file is read to its end; some rows were rejected or wait for a parent.
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
    /// The run in the ledger; none for a check, which writes nothing.
    pub run_id: Option<Uuid>,
    /// How it ended.
    pub outcome: Outcome,
    /// Where the files were looked for.
    pub source: String,
    /// Files that bear a dataset's name.
    pub files_found: usize,
    /// Of these, versions loaded before.
    pub files_skipped: usize,
    /// The files this run worked on, in the order in which they ended.
    pub files: Vec<FileSummary>,
    /// Their sums.
    pub totals: Counts,
    /// What it brought up to date of what is made of the loaded rows.
    pub steps: Vec<StepSummary>,
    /// Why the run as a whole failed; none where at most single files did.
    pub error: Option<FileError>,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// One file of a run.
#[derive(Debug, Clone, Serialize)]
pub struct FileSummary {
    /// The table its rows go to.
    pub dataset: &'static str,
    /// Key of the object, or path of the file.
    pub key: String,
    /// What this run did to its rows. Without `read`, where rows were resolved
    /// that an earlier run had parked.
    #[serde(flatten)]
    pub counts: Counts,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Why it failed; none if it did not.
    pub error: Option<FileError>,
    /// A check's first findings; a load has them in the ledger instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<RejectSample>,
}

/// A step that a run did after its files.
#[derive(Debug, Clone, Serialize)]
pub struct StepSummary {
    /// What it brought up to date.
    pub step: &'static str,
    /// Rows inserted, updated or removed.
    pub rows_written: i64,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// A row that a check would reject.
#[derive(Debug, Clone, Serialize)]
pub struct RejectSample {
    /// Line on which its record begins; the header is line 1.
    pub line: u64,
    /// The column at fault; none where the whole record is.
    pub column: Option<&'static str>,
    /// The reason code.
    pub reason: &'static str,
    /// What was found and what was expected.
    pub message: String,
}

/// Why a file, or a run, failed.
#[derive(Debug, Clone, Serialize)]
pub struct FileError {
    /// The constant code.
    pub code: &'static str,
    /// The message.
    pub message: String,
}

impl RunSummary {
    /// The outcome these files make.
    pub(crate) fn outcome_of(files: &[FileSummary]) -> Outcome {
        if files.iter().any(|file| file.error.is_some()) {
            Outcome::Failed
        } else if files.iter().any(|file| file.counts.rejected > 0 || file.counts.parked > 0) {
            Outcome::SucceededWithRejects
        } else {
            Outcome::Succeeded
        }
    }

    pub(crate) fn totals_of(files: &[FileSummary]) -> Counts {
        let mut totals = Counts::default();
        for file in files {
            totals += file.counts;
        }
        totals
    }
}
