//! Requests that are refused: each with its status and the errors of a GraphQL response, as
//! JSON.

use async_graphql::ServerError;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use crate::error::Error;
use crate::graphql::Answer;
use crate::graphql::errors::{RATE_LIMITED, code_of, settle, without_place};
use crate::http::request::media::MediaType;
use crate::http::response::rejection::Rejection;
use crate::http::response::respond;

/// Why a request is refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// Before it was looked at, or for a limit.
    Rejected(Rejection),
    /// Its query cannot be answered.
    Failed(Vec<ServerError>),
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Vec<ServerError>> for Refused {
    fn from(errors: Vec<ServerError>) -> Self {
        Self::Failed(errors)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(vec![without_place(error)])
    }
}

impl Refused {
    pub(super) fn respond(self, request_id: &str) -> Response {
        let mut response = match self {
            // With the status that it has in any case.
            Self::Rejected(rejection) => rejection.respond(MediaType::GraphqlResponse),
            Self::Failed(mut errors) => {
                settle(&mut errors, request_id);
                let status = errors
                    .first()
                    .and_then(code_of)
                    .map_or(StatusCode::INTERNAL_SERVER_ERROR, status);
                respond(status, MediaType::Json, &Answer::refused(errors))
            }
        };
        let is_unauthenticated = response.status() == StatusCode::UNAUTHORIZED;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MediaType::Json.content_type()));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if is_unauthenticated {
            // Programs then ask for user and password.
            let basic = HeaderValue::from_static("Basic realm=\"salesgraph\", charset=\"UTF-8\"");
            headers.append(WWW_AUTHENTICATE, basic);
        }
        response
    }
}

fn status(code: &str) -> StatusCode {
    match code {
        RATE_LIMITED => StatusCode::TOO_MANY_REQUESTS,
        "FORBIDDEN" => StatusCode::FORBIDDEN,
        "NOT_FOUND" => StatusCode::NOT_FOUND,
        "CONFLICT" => StatusCode::CONFLICT,
        "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        "TIMEOUT" => StatusCode::GATEWAY_TIMEOUT,
        "INTERNAL" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}
