//! The lake: the files that it keeps, and its tables.

mod catalog;
mod crash;
mod curated;
#[cfg(feature = "lake-engine")]
mod engine;
mod faults;
mod kept;
mod lineage;
mod reprocess;
mod retention;
