//! Writing a response: of the engine, or of a request that is rejected.

pub(super) mod rejection;

use std::any::Any;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

use crate::error::Code;
use crate::graphql::Answer;
use crate::graphql::errors::{RATE_LIMITED, code_of, settle};
use crate::http::observation::failed;
use crate::http::request::media::MediaType;

/// The status of a response of the GraphQL engine.
pub(super) fn status(answer: &Answer, media_type: MediaType) -> StatusCode {
    let is_limited = || answer.errors.first().and_then(code_of) == Some(RATE_LIMITED);
    if !answer.was_executed() && is_limited() {
        StatusCode::TOO_MANY_REQUESTS
    } else if media_type == MediaType::GraphqlResponse && !answer.was_executed() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

pub(super) fn respond(status: StatusCode, media_type: MediaType, answer: &Answer) -> Response {
    match body(answer) {
        Some(body) => (status, [(CONTENT_TYPE, media_type.content_type())], body).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The body of a response; none, and a line in the log, if it cannot be serialised.
pub(super) fn body(answer: &Answer) -> Option<Bytes> {
    failed(answer);
    match answer.to_json() {
        // Without spare capacity, because it may be cached.
        Ok(body) => Some(body.into_boxed_slice().into()),
        Err(error) => {
            tracing::error!(error = %error, "a response could not be serialised");
            None
        }
    }
}

/// The response to a request whose handler panicked outside of GraphQL.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
pub(super) fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    after_panic(&*cause, MediaType::Json, "")
}

pub(super) fn after_panic(
    cause: &(dyn Any + Send),
    media_type: MediaType,
    request_id: &str,
) -> Response {
    respond(StatusCode::INTERNAL_SERVER_ERROR, media_type, &panic_answer(cause, request_id))
}

/// The answer to an operation that panicked.
pub(super) fn panic_answer(cause: &(dyn Any + Send), request_id: &str) -> Answer {
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

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::Value as Json;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error_of_the_accepted_media_type() {
        let response = after_panic(&"secret cause", MediaType::GraphqlResponse, "r-1");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let content_type = response.headers()[CONTENT_TYPE].to_str().unwrap();
        assert!(content_type.starts_with("application/graphql-response+json"), "{content_type}");
        let body = to_bytes(response.into_body(), 1_000).await.unwrap();
        let body: Json = serde_json::from_slice(&body).unwrap();
        let error = serde_json::json!({
            "message": "internal error",
            "extensions": { "code": "INTERNAL", "requestId": "r-1" },
        });
        assert_eq!(body, serde_json::json!({ "errors": [error] }));
    }
}
