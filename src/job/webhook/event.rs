//! What a notification says.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A load run ended well, with or without rejected rows.
    LoadSucceeded,
    /// A load run failed.
    LoadFailed,
    /// A report is ready.
    ReportSucceeded,
    /// A report could not be made.
    ReportFailed,
}

impl EventKind {
    /// The type in the notification.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoadSucceeded => "load.succeeded",
            Self::LoadFailed => "load.failed",
            Self::ReportSucceeded => "report.succeeded",
            Self::ReportFailed => "report.failed",
        }
    }
}

/// A notification.
#[derive(Debug, Clone)]
pub struct Event {
    /// What has happened.
    pub kind: EventKind,
    /// When.
    pub at: DateTime<Utc>,
    /// To what: ids, states and counts, never data of persons.
    pub data: Value,
}

impl Event {
    /// The body of the request.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({
            "type": self.kind.as_str(),
            "timestamp": self.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            "data": self.data,
        })
    }
}
