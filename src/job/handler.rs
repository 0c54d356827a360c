//! What does the work of a task.

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::error::{Error, Result};

/// The work of a task.
///
/// A job may run again although an earlier run has done all of its work: when the worker or
/// Postgres stopped before that was recorded. So a handler looks first at what is done.
pub trait Handler: Send + Sync + 'static {
    /// Does the job.
    ///
    /// # Errors
    /// `UNAVAILABLE`, `TIMEOUT` and lost connections: it is tried again later. `LOCKED`: it
    /// waits, and that is no attempt. Any other: it is given up. Once `job.stop` is
    /// cancelled, any error hands the job back to the queue.
    fn run<'a>(&'a self, job: &'a Run) -> BoxFuture<'a, Result<()>>;

    /// Records where the job's outcome is looked for that it has failed for good, be it that
    /// its workers were killed each time. May be called again if its own outcome was lost.
    ///
    /// # Errors
    /// After one that may pass it is called again later; others are logged.
    fn gave_up<'a>(&'a self, job: &'a Run, error: &'a Error) -> BoxFuture<'a, Result<()>>;
}

/// One run of a job.
#[derive(Debug, Clone)]
pub struct Run {
    /// The job.
    pub id: Uuid,
    /// Which attempt it is, from 1 on.
    pub attempt: i32,
    /// Attempts after which it is given up.
    pub max_attempts: i32,
    /// What the task needs to know.
    pub payload: Value,
    /// Cancelled when the job must stop: the worker shuts down, or the job was canceled or
    /// taken over by another worker.
    pub stop: CancellationToken,
}

impl Run {
    /// Whether a failure of this attempt is the end.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.attempt >= self.max_attempts
    }
}
