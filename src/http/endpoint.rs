//! `/graphql`: GraphQL over HTTP, for both of its media types.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::{Request as Operation, Response as Answer, Value, Variables};
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::AppState;
use super::media::{self, Form};
use super::observe::request_id;
use super::pages;
use crate::auth::Scope;
use crate::error::Code;
use crate::graphql::Prepared;
use crate::graphql::errors::{refusal, settle, was_executed};

type Shared = Arc<AppState>;

/// GET, POST, and 405 for the rest.
pub(super) fn methods() -> MethodRouter<Shared> {
    get(by_get).post(by_post).fallback(other_method)
}

async fn by_get(State(state): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    if media::wants_html(&headers) {
        return pages::graphiql_page();
    }
    let Some(form) = Form::accepted(&headers) else { return not_acceptable() };
    let operation = match from_uri(&uri) {
        Ok(operation) => Prepared::new(operation),
        Err(refused) => return refused.answer(form),
    };
    if !operation.is_query() {
        let message = "GET is for queries only; send this operation by POST";
        let refused = Refused::new(StatusCode::METHOD_NOT_ALLOWED, message);
        return ([(ALLOW, "POST")], refused.answer(form)).into_response();
    }
    in_time(&state, form, execute(&state, operation, form, request_id(&headers))).await
}

async fn by_post(State(state): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(form) = Form::accepted(&head.headers) else { return not_acceptable() };
    if !media::is_json(&head.headers) {
        let message = "the body must be application/json in UTF-8";
        return Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).answer(form);
    }
    let answer = async {
        match from_body(body, state.limits.body_bytes).await {
            Ok(operation) => {
                let operation = Prepared::new(operation);
                execute(&state, operation, form, request_id(&head.headers)).await
            }
            Err(refused) => refused.answer(form),
        }
    };
    in_time(&state, form, answer).await
}

async fn other_method(headers: HeaderMap) -> Response {
    let form = Form::accepted(&headers).unwrap_or(Form::Json);
    let refused = Refused::new(StatusCode::METHOD_NOT_ALLOWED, "use POST, or GET for queries");
    ([(ALLOW, "GET, POST")], refused.answer(form)).into_response()
}

async fn execute(state: &AppState, operation: Prepared, form: Form, request_id: &str) -> Response {
    let answer = async {
        let mut answer = operation.execute(&state.schema).await;
        settle(&mut answer, request_id);
        respond(status(&answer, form), form, &answer)
    };
    // Here, and not only around the router, the form of the answer is known.
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(answer) => answer,
        Err(cause) => after_panic(&*cause, form, request_id),
    }
}

async fn in_time(state: &AppState, form: Form, answer: impl Future<Output = Response>) -> Response {
    let limit = state.limits.timeout;
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| {
        let message = format!("the request took longer than {} s", limit.as_secs_f32());
        respond(StatusCode::GATEWAY_TIMEOUT, form, &refusal(Code::Timeout.as_str(), message))
    })
}

/// The parameters of a request, by either method.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Json>>,
    /// None is known; a map they must be.
    #[serde(rename = "extensions")]
    _extensions: Option<Map<String, Json>>,
}

/// The same in a query string, where maps are JSON texts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UriParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

fn from_uri(uri: &Uri) -> Result<Operation, Refused> {
    let Query(parameters) = Query::<UriParameters>::try_from_uri(uri)
        .map_err(|error| Refused::bad_request(format!("the query string is not valid: {error}")))?;
    let map = |name: &str, text: Option<String>| match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| Refused::bad_request(format!("{name} is no JSON object: {error}"))),
    };
    operation(Parameters {
        query: parameters.query,
        operation_name: parameters.operation_name,
        variables: map("variables", parameters.variables)?,
        _extensions: map("extensions", parameters.extensions)?,
    })
}

async fn from_body(body: Body, limit: usize) -> Result<Operation, Refused> {
    let bytes = to_bytes(body, limit).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        if source.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>) {
            let message = format!("the body is larger than {limit} bytes");
            Refused::new(StatusCode::PAYLOAD_TOO_LARGE, message)
        } else {
            Refused::bad_request("the body ended too early")
        }
    })?;
    let parameters = serde_json::from_slice(&bytes).map_err(|error| {
        Refused::bad_request(format!("the body is no GraphQL request: {error}"))
    })?;
    operation(parameters)
}

fn operation(parameters: Parameters) -> Result<Operation, Refused> {
    let query =
        parameters.query.ok_or_else(|| Refused::bad_request("the parameter query is missing"))?;
    let mut operation = Operation::new(query).data(Scope::All);
    operation.operation_name = parameters.operation_name.filter(|name| !name.is_empty());
    if let Some(variables) = parameters.variables {
        operation.variables = Variables::from_json(Json::Object(variables));
    }
    Ok(operation)
}

/// A request that is no GraphQL request at all.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    message: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn answer(self, form: Form) -> Response {
        respond(self.status, form, &refusal(Code::BadUserInput.as_str(), self.message))
    }
}

fn not_acceptable() -> Response {
    let message = "this answers as application/graphql-response+json or application/json";
    Refused::new(StatusCode::NOT_ACCEPTABLE, message).answer(Form::Json)
}

/// The answer to a request whose handler panicked outside of GraphQL.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
pub(super) fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    after_panic(&*cause, Form::Json, "")
}

fn after_panic(cause: &(dyn Any + Send), form: Form, request_id: &str) -> Response {
    let detail = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    let code = Code::Internal.as_str();
    let mut answer = refusal(code, format!("a handler panicked: {detail}"));
    settle(&mut answer, request_id);
    respond(StatusCode::INTERNAL_SERVER_ERROR, form, &answer)
}

fn status(answer: &Answer, form: Form) -> StatusCode {
    if form == Form::GraphqlResponse && !was_executed(answer) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

fn respond(status: StatusCode, form: Form, answer: &Answer) -> Response {
    #[derive(Serialize)]
    struct Shown<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a Value>,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        errors: &'a [async_graphql::ServerError],
    }

    let shown =
        Shown { data: was_executed(answer).then_some(&answer.data), errors: &answer.errors };
    match serde_json::to_vec(&shown) {
        Ok(body) => (status, [(CONTENT_TYPE, form.content_type())], body).into_response(),
        Err(error) => {
            tracing::error!(error = %error, "an answer could not be serialised");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
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
