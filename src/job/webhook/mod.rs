//! Tells a configured server that a load run or a report has ended, as Standard Webhooks says.

mod event;
mod notify;
mod report_ends;
mod send;

pub use event::{Event, EventKind};
pub use notify::{LoadEnds, Notifier};
pub use report_ends::ReportEnds;
pub use send::{Webhook, WebhookOptions};
