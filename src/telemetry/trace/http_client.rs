//! The spans of requests to servers of others, by the semantic conventions for HTTP clients.
//! They tell the server, not the path, which may be a secret.

use http::{HeaderMap, StatusCode, Uri};

use super::propagation::{inject, inject_from};
use super::span::{Attribute, Kind, Span, child};

/// A request under way.
#[derive(Debug)]
pub struct Outgoing(Option<Span>);

impl Outgoing {
    /// Begins the span of a request, if that is traced, and tells the server of it.
    pub fn begin(method: &'static str, url: &Uri, headers: &mut HeaderMap) -> Self {
        let span = child(Kind::Client, || {
            let scheme = url.scheme_str().unwrap_or_default().to_owned();
            let default = if scheme == "https" { 443 } else { 80 };
            let port = url.port_u16().unwrap_or(default);
            let attributes = vec![
                Attribute::new("http.request.method", method),
                Attribute::new("server.address", url.host().unwrap_or_default().to_owned()),
                Attribute::new("server.port", i64::from(port)),
                Attribute::new("url.scheme", scheme),
            ];
            (method, attributes)
        });
        match &span {
            Some(span) => inject_from(span, headers),
            None => inject(headers),
        }
        // It is of the caller's and its vendors', and none of the server's.
        headers.remove("tracestate");
        Self(span)
    }

    /// It was answered, or was not.
    pub fn answered(self, status: Option<StatusCode>) {
        let Some(span) = self.0 else { return };
        let Some(status) = status else { return span.fail("no_answer") };
        span.set("http.response.status_code", i64::from(status.as_u16()));
        if status.is_client_error() || status.is_server_error() {
            span.fail(status.as_str().to_owned());
        }
    }
}
