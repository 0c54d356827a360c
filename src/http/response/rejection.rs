//! Answers that are only an error, and how any answer becomes one of HTTP.

use std::any::Any;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

use crate::error::Code;
use crate::graphql::Answer;
use crate::graphql::errors::settle;
use crate::http::request::media::Form;

/// The document is none of those that are executed here.
const FORBIDDEN: &str = "FORBIDDEN";
/// The hash or id of a document is not known.
const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
/// No document is known by its hash.
const PERSISTED_QUERY_NOT_SUPPORTED: &str = "PERSISTED_QUERY_NOT_SUPPORTED";
/// The body of a request is too large.
const BODY_TOO_LARGE: &str = "BODY_TOO_LARGE";
/// There are too many requests at once.
pub(in crate::http) const OVERLOADED: &str = "OVERLOADED";

/// A request that is not executed, or not to its end.
#[derive(Debug)]
pub(in crate::http) struct Refused {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Whether it was a GraphQL request all the same: then its answer as JSON is one
    /// like any other.
    is_request: bool,
    /// Seconds after which it may be tried again.
    retry_after: Option<&'static str>,
}

impl Refused {
    /// A request that is no GraphQL request at all.
    pub(in crate::http) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let code = Code::BadUserInput.as_str();
        let message = message.into();
        Self { status, code, message, is_request: false, retry_after: None }
    }

    pub(in crate::http) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(in crate::http) fn body_too_large(limit: usize) -> Self {
        let message = format!("the body has more than {limit} bytes, the limit");
        let refused = Self::new(StatusCode::PAYLOAD_TOO_LARGE, message);
        Self { code: BODY_TOO_LARGE, ..refused }
    }

    /// The client took its time for the body.
    pub(in crate::http) fn body_too_slow(limit: std::time::Duration) -> Self {
        let message = format!("the body was not there after {limit:?}, the limit");
        let refused = Self::new(StatusCode::REQUEST_TIMEOUT, message);
        Self { code: Code::Timeout.as_str(), ..refused }
    }

    pub(in crate::http) fn out_of_time(limit: std::time::Duration) -> Self {
        let message = format!("the request took longer than {limit:?}, the limit; ask for less");
        let refused = Self::new(StatusCode::GATEWAY_TIMEOUT, message);
        Self { code: Code::Timeout.as_str(), is_request: true, ..refused }
    }

    /// There are as many connections as may stay open, or operations on them.
    pub(in crate::http) fn too_many_open(what: &str) -> Self {
        let message = format!("there are too many {what} at once; try again later");
        let refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, message);
        Self { code: OVERLOADED, retry_after: Some("1"), ..refused }
    }

    /// `running` requests are being executed and `waiting` ones wait.
    pub(in crate::http) fn overloaded(running: usize, waiting: usize) -> Self {
        let message = format!(
            "{running} requests are being executed and {waiting} wait, which is the limit; \
             try again later"
        );
        let refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, message);
        Self { code: OVERLOADED, retry_after: Some("1"), ..refused }
    }

    pub(in crate::http) fn not_trusted() -> Self {
        let message = "only trusted documents are executed here, and this is none of them; \
                       the operator names them in http.trusted_documents";
        let refused = Self::new(StatusCode::FORBIDDEN, message);
        Self { code: FORBIDDEN, is_request: true, ..refused }
    }

    pub(in crate::http) fn not_found(message: &str) -> Self {
        let refused = Self::new(StatusCode::NOT_FOUND, message);
        Self { code: PERSISTED_QUERY_NOT_FOUND, is_request: true, ..refused }
    }

    /// By this message clients know that they have to send the document.
    pub(in crate::http) fn automatic_not_found() -> Self {
        Self::not_found("PersistedQueryNotFound")
    }

    /// By this message clients know that they always have to.
    pub(in crate::http) fn automatic_not_supported() -> Self {
        let refused = Self::not_found("PersistedQueryNotSupported");
        Self { code: PERSISTED_QUERY_NOT_SUPPORTED, ..refused }
    }

    /// Where there is no HTTP around it.
    pub(in crate::http) fn into_answer(self) -> Answer {
        Answer::refusal(self.code, self.message)
    }

    pub(in crate::http) fn answer(self, form: Form) -> Response {
        let is_answer = self.is_request && form == Form::Json;
        let status = if is_answer { StatusCode::OK } else { self.status };
        let retry_after = self.retry_after;
        let mut answer = respond(status, form, &self.into_answer());
        let headers = answer.headers_mut();
        // The next time it may be another one.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        answer
    }
}

pub(in crate::http) fn not_acceptable() -> Response {
    let message = "this answers as application/graphql-response+json, application/json or \
                   text/event-stream";
    Refused::new(StatusCode::NOT_ACCEPTABLE, message).answer(Form::Json)
}

/// The answer to a request whose handler panicked outside of GraphQL.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
pub(in crate::http) fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    after_panic(&*cause, Form::Json, "")
}

pub(in crate::http) fn after_panic(
    cause: &(dyn Any + Send),
    form: Form,
    request_id: &str,
) -> Response {
    respond(StatusCode::INTERNAL_SERVER_ERROR, form, &panic_answer(cause, request_id))
}

/// The answer to an operation that panicked.
pub(in crate::http) fn panic_answer(cause: &(dyn Any + Send), request_id: &str) -> Answer {
    let detail = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    let code = Code::Internal.as_str();
    let mut answer = Answer::refusal(code, format!("a handler panicked: {detail}"));
    settle(&mut answer.errors, request_id);
    answer
}

/// The status of what the GraphQL engine answered.
pub(in crate::http) fn status(answer: &Answer, form: Form) -> StatusCode {
    if form == Form::GraphqlResponse && !answer.was_executed() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

pub(in crate::http) fn respond(status: StatusCode, form: Form, answer: &Answer) -> Response {
    match body(answer) {
        Some(body) => (status, [(CONTENT_TYPE, form.content_type())], body).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The body of an answer; none, and a line in the log, where it has none.
pub(in crate::http) fn body(answer: &Answer) -> Option<Bytes> {
    match answer.to_json() {
        // Kept as it is: without the room that was left for more.
        Ok(body) => Some(body.into_boxed_slice().into()),
        Err(error) => {
            tracing::error!(error = %error, "an answer could not be serialised");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::Value as Json;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error_in_the_form_that_was_asked_for() {
        let answer = after_panic(&"secret cause", Form::GraphqlResponse, "r-1");
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let content_type = answer.headers()[CONTENT_TYPE].to_str().unwrap();
        assert!(content_type.starts_with("application/graphql-response+json"), "{content_type}");
        let body = to_bytes(answer.into_body(), 1_000).await.unwrap();
        let body: Json = serde_json::from_slice(&body).unwrap();
        let error = serde_json::json!({
            "message": "internal error",
            "extensions": { "code": "INTERNAL", "requestId": "r-1" },
        });
        assert_eq!(body, serde_json::json!({ "errors": [error] }));
    }
}
