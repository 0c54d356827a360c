//! What a run tells whoever watches it.

use super::summary::{FileSummary, StepSummary};
use crate::load::counts::Counts;
use crate::storage::ObjectVersion;

/// Watches a run: progress bars, a log, nothing. Calls come from several tasks
/// and must not block.
pub trait Observer: Send + Sync {
    /// A file is about to be read.
    fn began(&self, _object: &ObjectVersion) {}
    /// So many bytes of the object have been read.
    fn read(&self, _object: &ObjectVersion, _bytes: u64) {}
    /// A batch is committed.
    fn batch(&self, _object: &ObjectVersion, _counts: Counts) {}
    /// A file is at its end, or failed.
    fn ended(&self, _summary: &FileSummary) {}
    /// What this step makes of the loaded rows is about to be brought up to date.
    fn deriving(&self, _step: &'static str) {}
    /// It is.
    fn derived(&self, _summary: &StepSummary) {}
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}
