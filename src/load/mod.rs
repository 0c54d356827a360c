//! Loads CSV files into Postgres: in batches, exactly once for each version of a file,
//! resumable, without losing a row. docs/loading.md lists the guarantees.
//!
//! `run/` conducts a load: lock, discovery, order, outcome. `decode/` turns bytes into
//! batches. `file/` loads one file. `rejects/` holds rows that were not loaded. `derive/`
//! updates derived tables at the end. `ledger` is the record of all of it.

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
pub use run::Load;
pub use run::context::LoadOptions;
pub use run::observe::{Observer, Silent};
pub use run::summary::{ErrorSummary, FileSummary, Outcome, RejectSample, RunSummary, StepSummary};
