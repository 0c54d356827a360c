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
mod discover;
mod failure;
mod kept;
mod ledger;
mod lock;
mod merge;
mod observe;
mod pipeline;
mod reading;
mod reason;
mod rejects;
mod replay;
mod run;
mod session;
mod statements;
mod summary;

pub use counts::Counts;
pub use decode::{BatchLimits, Compression, Dialect, Encoding};
pub use observe::{Observer, Silent};
pub use reason::{Fault, Reason};
pub use rejects::{RejectSelection, StoredReject, list_rejects};
pub use replay::Replay;
pub use run::{Load, LoadOptions};
pub use summary::{FileError, FileSummary, Outcome, RejectSample, RunSummary, StepSummary};
