//! Reports: rows of a query as a file in a bucket, made by a worker.
//!
//! `kind` and `request` say what is asked for; `store` keeps it; `publish` makes it of the
//! rows that a [`RowSource`] gives, encoded by `format`.

mod chunk;
mod compress;
pub mod encoded;
pub mod format;
mod key;
mod kind;
mod manifest;
mod output;
mod publish;
mod reports;
mod request;
pub mod saved_query;
mod store;

pub use chunk::Chunk;
pub use encoded::{Encoded, Rows};
pub use format::{CsvDialect, Encoding, Format};
pub use kind::{Kind, KindColumn};
pub use output::Output;
pub use publish::{Outcome, RowSource};
pub use reports::{Ending, Reports};
pub use request::{NewReport, ReportColumn, ReportQuery};
pub use store::{Requested, cancel as cancel_report, request_report};
