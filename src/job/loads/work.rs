//! What is in the payload of a load's job.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::LoadMode;
use crate::error::{Code, Error, Result};
use crate::load::RejectSelection;

/// The work of a job, with the run that it is in the ledger.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Work {
    /// A load, or a check.
    Load { run: Uuid, source: String, mode: String, check: bool },
    /// A replay of rejects. `raw` is removed from the payload when the job has ended.
    Replay { run: Uuid, selection: RejectSelection, raw: Option<String> },
    /// Derived tables are brought up to date.
    Refresh { run: Uuid },
}

impl Work {
    pub(super) const fn run(&self) -> Uuid {
        match self {
            Self::Load { run, .. } | Self::Replay { run, .. } | Self::Refresh { run } => *run,
        }
    }

    pub(super) fn to_payload(&self) -> Result<serde_json::Value> {
        serde_json::to_value(self)
            .map_err(|error| Error::internal("a job cannot be written").with_source(error))
    }

    pub(super) fn of(payload: &serde_json::Value) -> Result<Self> {
        Self::deserialize(payload).map_err(|error| {
            let message = "the job is of another version of this program";
            Error::new(Code::Conflict, message).with_source(error)
        })
    }
}

/// The mode of a code.
pub(super) fn mode_of(code: &str) -> Result<LoadMode> {
    code.parse().map_err(|error: String| Error::new(Code::BadUserInput, format!("mode: {error}")))
}
