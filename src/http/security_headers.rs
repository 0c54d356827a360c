//! Headers of every response that tell browsers to be careful.

use axum::extract::{Request, State};
use axum::http::header::{
    HOST, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use super::loopback_guard::is_loopback;

/// The page shares no browsing context with pages of other sites that open it.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Pages of other sites cannot embed a response; those of `http.cors_origins` read it by CORS,
/// to which this does not apply.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const HEADERS: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (OPENER_POLICY, "same-origin"),
    (RESOURCE_POLICY, "same-origin"),
];
/// For a year, only by TLS.
const STRICT: &str = "max-age=31536000";

/// Adds the headers. Over TLS of this server browsers are told to keep to it, but not on
/// loopback names, which all servers of a machine share.
pub(super) async fn add(State(is_tls): State<bool>, request: Request, next: Next) -> Response {
    let is_strict = is_tls
        && request
            .headers()
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .is_some_and(|host| !is_loopback(host));
    let mut response = next.run(request).await;
    insert(response.headers_mut());
    if is_strict {
        let headers = response.headers_mut();
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT));
    }
    response
}

/// Adds those that do not depend on the request.
pub(super) fn insert(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
