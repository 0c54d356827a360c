//! The log of requests: one line for each response at level INFO (ERROR for 5xx)
//! of target `salesgraph::http`, with the fields:
//!
//! | field | meaning |
//! |---|---|
//! | `method` | GET, POST, ... |
//! | `path` | path without the query string, which may hold data |
//! | `trace_id` | the trace that it belongs to, where traces are made |
//! | `request_id` | the client's `x-request-id`, or a new UUID; also in the response |
//! | `status` | HTTP status |
//! | `milliseconds` | from the head of the request to the head of the response |

use std::time::Duration;

use axum::http::{HeaderMap, Request, Response};
use tower_http::classify::{ServerErrorsAsFailures, SharedClassifier};
use tower_http::trace::{MakeSpan, OnResponse, TraceLayer};
use tracing::Span;

use crate::telemetry::trace;

pub(super) type Layer =
    TraceLayer<SharedClassifier<ServerErrorsAsFailures>, RequestSpan, (), ResponseLine, (), (), ()>;

pub(super) fn layer() -> Layer {
    TraceLayer::new_for_http()
        .make_span_with(RequestSpan)
        .on_request(())
        .on_response(ResponseLine)
        .on_body_chunk(())
        .on_eos(())
        .on_failure(())
}

/// The id of a request; empty if none was set.
pub(super) fn request_id(headers: &HeaderMap) -> &str {
    headers.get("x-request-id").and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[derive(Debug, Clone, Copy)]
pub(super) struct RequestSpan;

impl<B> MakeSpan<B> for RequestSpan {
    fn make_span(&mut self, request: &Request<B>) -> Span {
        tracing::info_span!(
            target: "salesgraph::http",
            "request",
            method = request.method().as_str(),
            path = request.uri().path(),
            request_id = request_id(request.headers()),
            trace_id = trace::current_id(),
        )
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ResponseLine;

impl<B> OnResponse<B> for ResponseLine {
    fn on_response(self, response: &Response<B>, latency: Duration, _span: &Span) {
        let status = response.status().as_u16();
        let milliseconds = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        if response.status().is_server_error() {
            tracing::error!(target: "salesgraph::http", status, milliseconds, "answered");
        } else {
            tracing::info!(target: "salesgraph::http", status, milliseconds, "answered");
        }
    }
}
