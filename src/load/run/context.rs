//! What the tasks of a run share.

use std::sync::Arc;

use super::observe::Observer;
use super::session::Session;
use crate::config::MaxRejects;
use crate::load::decode::BatchLimits;
use crate::storage::Source;

/// How to load.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Limits of batches and records.
    pub limits: BatchLimits,
    /// Independent files loaded concurrently.
    pub parallel_files: usize,
    /// Rejects after which a file fails.
    pub max_rejects: Option<MaxRejects>,
    /// Loads each file in one transaction.
    pub atomic: bool,
}

/// What the tasks of a run share.
pub(crate) struct Context {
    pub(crate) session: Session,
    pub(crate) source: Source,
    pub(crate) options: LoadOptions,
    pub(crate) observer: Arc<dyn Observer>,
}
