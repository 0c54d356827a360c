//! Exports: a document with one list as the rows of a file, whole and unpaged.
//!
//! The document is compiled and bound as any other. What it selects of a row becomes columns,
//! whose names are the paths of the response keys; the pages, counts and cursors it asks for
//! are left out. All of it is checked before anything is read.

mod cells;
mod checked;
mod choose;
mod file;
mod flatten;
pub(super) mod parameters;
mod request;
mod rows;
mod types;

pub use file::Export;
pub(super) use file::{Draft, check_plan};
pub use request::{ExportColumn, ExportRequest, OpenOptions};
