//! The spans of a job: when it is queued, and when it is run, by the semantic conventions for
//! messaging.

use serde_json::Value;
use uuid::Uuid;

use super::task::{Task, code};
use crate::telemetry::trace::{self, Attribute, Carrier, Kind, Span};

/// The library that delivers jobs.
const SYSTEM: &str = "graphile_worker";

/// Begins the span of a job that is queued, if that is traced.
pub(super) fn queued(task: Task) -> Option<Span> {
    trace::child(Kind::Producer, || {
        let name = format!("send {}", code(task));
        (name, attributes(task, "send"))
    })
}

/// Begins the span of a run: below the span in which its job was queued, else a trace.
pub(super) fn run(task: Task, job: Uuid, attempt: i32, queued_in: Option<Value>) -> Option<Span> {
    if !trace::is_on() {
        return None;
    }
    let mut attributes = attributes(task, "process");
    attributes.push(Attribute::new("messaging.message.id", job.to_string()));
    attributes.push(Attribute::new("salesgraph.job.attempt", i64::from(attempt)));
    let name = format!("process {}", code(task));
    trace::span(Kind::Consumer, name, attributes, &Carrier::context(queued_in))
}

fn attributes(task: Task, operation: &'static str) -> Vec<Attribute> {
    vec![
        Attribute::new("messaging.system", SYSTEM),
        Attribute::new("messaging.destination.name", code(task)),
        Attribute::new("messaging.operation.name", operation),
        Attribute::new("messaging.operation.type", operation),
    ]
}
