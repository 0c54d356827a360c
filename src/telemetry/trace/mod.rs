//! Traces: spans by the semantic conventions of OpenTelemetry, sent to a collector by OTLP.
//!
//! Spans are made by OpenTelemetry's own interface and not from those of the log, so that
//! nothing gets into them but the attributes that are named here and where a span is made: no
//! values of statements, no keys of objects, no token, nothing of a person. Without an
//! endpoint there is no tracer, and asking for one is all that it costs.

mod export;
mod http_client;
mod propagation;
mod sampling;
mod span;

pub use self::export::{Traces, start};
pub use self::http_client::Outgoing;
pub use self::propagation::{Carrier, inject, inject_from, of_headers};
pub use self::span::{
    Attribute, Kind, Span, Underway, carried, child, current_id, describe_current, is_on, root,
    span, spawn, within,
};
