//! Requests that are rejected, each with its status, code and message.

use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::respond;
use crate::error::Code;
use crate::graphql::Answer;
use crate::graphql::errors::RATE_LIMITED;
use crate::http::request::media::MediaType;

/// There are no valid credentials.
const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
/// The document is not trusted.
const FORBIDDEN: &str = "FORBIDDEN";
/// No document has this hash or id.
const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
/// Automatic persisted queries are off.
const PERSISTED_QUERY_NOT_SUPPORTED: &str = "PERSISTED_QUERY_NOT_SUPPORTED";
/// The body of a request is too large.
const BODY_TOO_LARGE: &str = "BODY_TOO_LARGE";
/// There are too many requests at once.
pub(in crate::http) const OVERLOADED: &str = "OVERLOADED";

/// A request that is not executed, or not completely.
#[derive(Debug)]
pub(in crate::http) struct Rejection {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Whether it was a well-formed GraphQL request: then `application/json` has
    /// status 200.
    is_graphql: bool,
    /// Seconds after which the client may retry.
    retry_after: Option<&'static str>,
}

impl Rejection {
    /// Of a request that is not a well-formed GraphQL request.
    pub(in crate::http) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let code = Code::BadUserInput.as_str();
        let message = message.into();
        Self { status, code, message, is_graphql: false, retry_after: None }
    }

    pub(in crate::http) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(in crate::http) fn body_too_large(limit: usize) -> Self {
        let message = format!("the body has more than {limit} bytes, the limit");
        Self { code: BODY_TOO_LARGE, ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, message) }
    }

    pub(in crate::http) fn encoded_body() -> Self {
        let message = "the body is compressed, which is not accepted: send it without \
                       Content-Encoding";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    pub(in crate::http) fn body_too_slow(limit: Duration) -> Self {
        let message = format!("the body did not arrive within {limit:?}, the limit");
        Self { code: Code::Timeout.as_str(), ..Self::new(StatusCode::REQUEST_TIMEOUT, message) }
    }

    pub(in crate::http) fn timeout(limit: Duration) -> Self {
        let message = format!("the request took longer than {limit:?}, the limit; select less");
        let rejection = Self::new(StatusCode::GATEWAY_TIMEOUT, message);
        Self { code: Code::Timeout.as_str(), is_graphql: true, ..rejection }
    }

    /// As many connections are open as may be, or operations on them.
    pub(in crate::http) fn too_many_open(what: &str) -> Self {
        Self::retry_later(format!("there are too many {what} at once; try again later"))
    }

    /// `running` requests are executed and `waiting` ones wait.
    pub(in crate::http) fn overloaded(running: usize, waiting: usize) -> Self {
        Self::retry_later(format!(
            "{running} requests are being executed and {waiting} wait, which is the limit; \
             try again later"
        ))
    }

    /// One credential has as many requests at once as it may.
    pub(in crate::http) fn too_many_of_token(most: usize) -> Self {
        let message =
            format!("the limit is {most} requests at once with one token: try again in 1 s");
        Self { retry_after: Some("1"), ..Self::rate_limited(message) }
    }

    /// Credentials cannot be checked now.
    pub(in crate::http) fn credentials_unchecked() -> Self {
        let message = "the credentials cannot be checked now; try again later";
        let rejection = Self::retry_later(message.to_owned());
        Self { code: Code::Unavailable.as_str(), ..rejection }
    }

    fn retry_later(message: String) -> Self {
        let rejection = Self::new(StatusCode::SERVICE_UNAVAILABLE, message);
        Self { code: OVERLOADED, retry_after: Some("1"), ..rejection }
    }

    /// A limit over time is used up. The rate limits add when to retry.
    pub(in crate::http) fn rate_limited(message: String) -> Self {
        Self { code: RATE_LIMITED, ..Self::new(StatusCode::TOO_MANY_REQUESTS, message) }
    }

    /// There are no valid credentials; why is not told.
    pub(in crate::http) fn unauthenticated() -> Self {
        let message = "send a valid token or API key as `Authorization: Bearer ...`";
        Self { code: UNAUTHENTICATED, ..Self::new(StatusCode::UNAUTHORIZED, message) }
    }

    pub(in crate::http) fn not_trusted() -> Self {
        let message = "only trusted documents are executed, and this is not one of them; the \
                       operator lists them in http.trusted_documents";
        let rejection = Self::new(StatusCode::FORBIDDEN, message);
        Self { code: FORBIDDEN, is_graphql: true, ..rejection }
    }

    pub(in crate::http) fn not_found(message: &str) -> Self {
        let rejection = Self::new(StatusCode::NOT_FOUND, message);
        Self { code: PERSISTED_QUERY_NOT_FOUND, is_graphql: true, ..rejection }
    }

    /// With this message clients send the document.
    pub(in crate::http) fn persisted_query_not_found() -> Self {
        Self::not_found("PersistedQueryNotFound")
    }

    /// With this message clients always send the document.
    pub(in crate::http) fn persisted_query_not_supported() -> Self {
        let rejection = Self::not_found("PersistedQueryNotSupported");
        Self { code: PERSISTED_QUERY_NOT_SUPPORTED, ..rejection }
    }

    pub(in crate::http) fn not_acceptable() -> Self {
        let message = "responses are application/graphql-response+json, application/json or \
                       text/event-stream";
        Self::new(StatusCode::NOT_ACCEPTABLE, message)
    }

    /// For a WebSocket, which has no status.
    pub(in crate::http) fn into_answer(self) -> Answer {
        Answer::refusal(self.code, self.message)
    }

    pub(in crate::http) fn respond(self, media_type: MediaType) -> Response {
        let is_ok = self.is_graphql && media_type == MediaType::Json;
        let status = if is_ok { StatusCode::OK } else { self.status };
        let retry_after = self.retry_after;
        let asks_for_credentials = self.status == StatusCode::UNAUTHORIZED;
        let mut response = respond(status, media_type, &self.into_answer());
        let headers = response.headers_mut();
        // A retry may succeed.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if asks_for_credentials {
            let bearer = HeaderValue::from_static("Bearer realm=\"salesgraph\"");
            headers.insert(WWW_AUTHENTICATE, bearer);
        }
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }
}
