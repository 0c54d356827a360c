//! The events of a run.

use super::summary::{FileSummary, StepSummary};
use crate::load::counts::Counts;
use crate::storage::ObjectVersion;

/// Receives the events of a run, for progress bars or a log. Called from several tasks;
/// must not block.
pub trait Observer: Send + Sync {
    /// A file is about to be read.
    fn began(&self, _object: &ObjectVersion) {}
    /// So many bytes of the object have been read.
    fn read(&self, _object: &ObjectVersion, _bytes: u64) {}
    /// A batch was committed.
    fn batch(&self, _object: &ObjectVersion, _counts: Counts) {}
    /// A file was loaded or failed.
    fn ended(&self, _summary: &FileSummary) {}
    /// The rows that a mirrored file lacks were removed, or could not be.
    fn mirrored(&self, _summary: &FileSummary) {}
    /// A derivation is about to run.
    fn deriving(&self, _step: &'static str) {}
    /// A derivation was committed.
    fn derived(&self, _summary: &StepSummary) {}
}

/// Ignores all events.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}
