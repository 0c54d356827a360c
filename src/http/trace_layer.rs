//! The span of a request: by the semantic conventions for HTTP servers, below the one that its
//! header `traceparent` names.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use super::health_path::is_health;
use crate::telemetry::trace::{self, Attribute, Kind, Span, within};

/// The trace that a response belongs to, in the form of `traceparent`.
const TRACE_RESPONSE: &str = "traceresponse";

/// Gives a request its span, unless it is a health check. `is_tls` is whether it came by TLS.
pub(super) async fn trace(State(is_tls): State<bool>, request: Request, next: Next) -> Response {
    if is_health(request.uri().path()) {
        return next.run(request).await;
    }
    let span = begin(&request, is_tls);
    let mut response = within(span.as_ref(), next.run(request)).await;
    let Some(span) = span else { return response };
    let status = response.status();
    span.set("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.fail(status.as_str().to_owned());
    }
    if let Some(value) = traced(&span) {
        response.headers_mut().insert(TRACE_RESPONSE, value);
    }
    response
}

fn begin(request: &Request, is_tls: bool) -> Option<Span> {
    let method = known(request.method());
    // Another path may be anything.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut attributes = vec![
        Attribute::new("http.request.method", method.unwrap_or("_OTHER")),
        Attribute::new("url.scheme", if is_tls { "https" } else { "http" }),
        Attribute::new("network.protocol.version", "1.1"),
    ];
    if let Some(route) = &route {
        attributes.push(Attribute::new("http.route", route.clone()));
    }
    let method = method.unwrap_or("HTTP");
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    trace::span(Kind::Server, name, attributes, &trace::of_headers(request.headers()))
}

/// Another method may be anything.
fn known(method: &Method) -> Option<&'static str> {
    const KNOWN: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    KNOWN.into_iter().find(|known| *known == method.as_str())
}

fn traced(span: &Span) -> Option<HeaderValue> {
    let mut headers = HeaderMap::new();
    trace::inject_from(span, &mut headers);
    headers.remove("traceparent")
}
