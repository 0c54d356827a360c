//! Loads CSV files into Postgres: in batches, exactly once for each version of a file,
//! resumable, without losing a row. docs/loading.md lists the guarantees.
//!
//! `run/` conducts a load: lock, discovery, order, outcome. `decode/` turns bytes into
//! batches, `mapping/` says which files and how they are written, `guess/` writes a first one.
//! `file/` loads one file, or small ones together, `document/` those of JSON documents.
//! `rejects/` holds rows that were not loaded. `raw/` keeps the files in the lake and reads them
//! from there again.
//! `mirror/` removes rows that complete files lack. `derive/` updates derived tables at the end.
//! `ledger` is the record of all of it, `queue` of the runs that jobs run,
//! `totals` what it comes to.

mod check;
mod check_documents;
mod counts;
mod decode;
mod derive;
mod document;
mod failure;
mod file;
mod guess;
mod ledger;
mod mapping;
mod mirror;
mod queue;
mod raw;
mod rejects;
mod run;
mod totals;

pub use counts::Counts;
pub use decode::{BatchLimits, Compression, DecimalMark, Dialect, Encoding, Format};
pub use derive::refresh::{REFRESH_SOURCE, Refresh};
pub use derive::sums::limits::SumLimits;
pub use guess::{LOOKED_AT, first_mapping};
pub use mapping::{BUILTINS, Builtin, Mapping};
pub use queue::{NewQueued, begin_check, cancel_queued, end_check, give_up, put_back, queue};
pub use raw::RawOptions;
pub use raw::history::{Reprocess, kept_datasets};
pub use raw::lineage::{Lineage, LineageOf, RawText, lineage_of};
pub use rejects::{
    Fault, REPLAY_SOURCE, Reason, RejectSelection, Replay, StoredReject, list_rejects,
};
pub use run::Load;
pub use run::context::LoadOptions;
pub use run::known::{Ending, Queued, RunAs, holder};
pub use run::observe::{Observer, Silent};
pub use run::summary::{
    DoubtfulSample, ErrorSummary, FileSummary, LeftOut, Outcome, RejectSample, RunSummary,
    StepSummary,
};
pub use totals::{
    ENDED, NewestLoad, ROW_OUTCOMES, Standing, Totals, newest_load, standing, totals,
};
