//! The files that the lake keeps.

mod crash;
mod kept;
mod lineage;
mod reprocess;
mod retention;
