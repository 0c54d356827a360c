//! Loads CSV files into Postgres: batch by batch, exactly once for each version
//! of a file, resumable, losing no row.
//!
//! `discover` finds the files, `decode` turns bytes into batches, `pipeline` takes
//! one file through `merge` and `ledger`, `run` conducts, and `derive` ends it. The
//! README lists the promises this keeps.

mod check;
mod counts;
mod decode;
mod derive;
mod failure;
mod file;
mod ledger;
mod rejects;
mod run;

pub use counts::Counts;
pub use decode::{BatchLimits, Compression, Dialect, Encoding};
pub use rejects::{Fault, Reason, RejectSelection, Replay, StoredReject, list_rejects};
pub use run::observe::{Observer, Silent};
pub use run::summary::{FileError, FileSummary, Outcome, RejectSample, RunSummary, StepSummary};
pub use run::{Load, LoadOptions};
