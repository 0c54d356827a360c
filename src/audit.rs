//! The audit log: who asked for what changes or takes out data, as lines at level INFO of
//! target `salesgraph::audit`. They have neither credentials nor data of persons.
//!
//! | field | meaning |
//! |---|---|
//! | `action` | what was asked for: `replayRejects`, or by the command line `key create`, `key revoke`, `load`, `jobs cancel`, `rates`, `rejects replay`, `reprocess` |
//! | `object` | of what: ids or names |
//! | `subject`, `org` | who asked: the subject and the organisation of the credentials; of the command line the user of the operating system |
//! | `credential` | the credential, as 16 hexadecimal digits by which it cannot be guessed |
//! | `request_id` | as in the log of requests |
//! | `outcome` | `accepted`, `refused`, or `unanswered` if the client was gone before |
//! | `code` | why it was refused |

use crate::error::{Error, Result};

/// Most bytes of `object`.
const OBJECT_BYTES: usize = 200;

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The subject of the credentials; for the operator the user of the operating system, or
    /// nothing where access is not controlled.
    pub subject: String,
    /// The organisation of the credentials.
    pub org: Option<String>,
    /// Tells the credentials from others; 0 for the operator.
    pub credential: u64,
    /// The id of the request; empty if it came by the command line.
    pub request_id: String,
}

/// Something asked for. Its line is written when it ends, also if nobody waits for it.
#[derive(Debug)]
#[must_use = "the outcome is unknown until it is told"]
pub struct Asked {
    caller: Caller,
    action: &'static str,
    object: String,
    outcome: (&'static str, &'static str),
}

impl Asked {
    /// A caller asks for an action on an object.
    pub fn new(caller: Caller, action: &'static str, object: String) -> Self {
        Self { caller, action, object: shortened(object), outcome: ("unanswered", "") }
    }

    /// Puts the id of what was made before the object.
    pub fn made(&mut self, id: &str) {
        self.object = shortened(format!("{id} {}", self.object));
    }

    /// Writes the line with this outcome.
    pub fn end<T>(mut self, outcome: &Result<T, Error>) {
        self.outcome = match outcome {
            Ok(_) => ("accepted", ""),
            Err(error) => ("refused", error.code().as_str()),
        };
    }
}

fn shortened(mut object: String) -> String {
    object.truncate(object.floor_char_boundary(OBJECT_BYTES));
    object
}

impl Drop for Asked {
    fn drop(&mut self) {
        let Caller { subject, org, credential, request_id } = &self.caller;
        let (outcome, code) = self.outcome;
        tracing::info!(
            target: "salesgraph::audit",
            action = self.action,
            object = self.object.as_str(),
            subject = subject.as_str(),
            org = org.as_deref().unwrap_or_default(),
            credential = format_args!("{credential:016x}"),
            request_id = request_id.as_str(),
            outcome,
            code,
            "asked"
        );
    }
}
