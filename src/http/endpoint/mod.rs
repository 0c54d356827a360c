//! `/graphql`: GraphQL over HTTP, for both of its media types.

mod batch;
mod call;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use tokio::time::timeout;

use super::request::media::{self, Events, Form, accepted};
use super::request::parameters::{Parameters, read};
use super::response::rejection::{Refused, not_acceptable};
use super::subscription::websocket;
use super::{AppState, pages};
use call::{By, Call};

type Shared = Arc<AppState>;

/// GET, POST, and 405 for the rest.
pub(super) fn methods() -> MethodRouter<Shared> {
    get(by_get).post(by_post).fallback(other_method)
}

async fn by_get(State(state): State<Shared>, request: Request) -> Response {
    let begun = Instant::now();
    let (head, _) = request.into_parts();
    if websocket::is_handshake(&head.headers) {
        return websocket::open_socket(state, head).await;
    }
    let (uri, headers) = (head.uri, head.headers);
    if media::wants_html(&headers) {
        return if state.documents.are_open() {
            pages::graphiql_page()
        } else {
            pages::no_graphiql_page()
        };
    }
    let Some((form, events)) = accepted(&headers) else { return not_acceptable() };
    match Parameters::from_uri(&uri).and_then(|given| state.documents.find(given)) {
        Ok(asked) => {
            let by = By::Get { is_named: asked.is_named };
            let call = Call { by, events, ..Call::of(&state, form, &headers, begun) };
            let answer = call.answer(asked.operation).await;
            if asked.is_named { answer } else { not_for_caches(answer) }
        }
        Err(refused) => refused.answer(form),
    }
}

/// A long URL, with a document in it, stands for its answer nowhere.
fn not_for_caches(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    // Events have headers of their own.
    if headers.contains_key(CACHE_CONTROL) {
        return answer;
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The same address has a page, and data in two forms.
    headers.insert(VARY, HeaderValue::from_static("accept"));
    answer
}

async fn by_post(State(state): State<Shared>, request: Request) -> Response {
    let begun = Instant::now();
    let (head, body) = request.into_parts();
    let Some((form, events)) = accepted(&head.headers) else { return not_acceptable() };
    if !media::is_json(&head.headers) {
        let message = "the body must be application/json in UTF-8";
        return Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).answer(form);
    }
    let limits = &state.limits;
    let body = match timeout(limits.execution_time, read(body, limits.body_bytes)).await {
        Ok(body) => body,
        Err(_) => Err(Refused::body_too_slow(limits.execution_time)),
    };
    let call = Call { events, ..Call::of(&state, form, &head.headers, begun) };
    let answer = match body {
        Ok(body) if batch::is_array(&body) => by_batch(call, &body).await,
        Ok(body) => {
            match Parameters::from_json(&body).and_then(|given| state.documents.find(given)) {
                Ok(asked) => Ok(call.answer(asked.operation).await),
                Err(refused) => Err(refused),
            }
        }
        Err(refused) => Err(refused),
    };
    answer.unwrap_or_else(|refused| refused.answer(form))
}

/// Several requests, each within all limits; the array has one place in the
/// queue, and each of them has its own turn.
async fn by_batch(call: Call<'_>, body: &[u8]) -> Result<Response, Refused> {
    let requests = batch::requests(body, call.state.batch_max)?;
    if !media::accepts_json(call.headers) {
        let message = "an array of requests is answered as application/json only";
        return Err(Refused::new(StatusCode::NOT_ACCEPTABLE, message));
    }
    let place = call.state.turns.queue()?;
    let call = Call { form: Form::Json, events: Events::No, place: Some(&place), ..call };
    let answers = requests.into_iter().map(async |given| match call.state.documents.find(given) {
        Ok(asked) => call.answer(asked.operation).await,
        Err(refused) => refused.answer(Form::Json),
    });
    Ok(batch::answer(answers).await)
}

async fn other_method(headers: HeaderMap) -> Response {
    let form = Form::accepted(&headers).unwrap_or(Form::Json);
    let refused = Refused::new(StatusCode::METHOD_NOT_ALLOWED, "use POST, or GET for queries");
    ([(ALLOW, "GET, POST")], refused.answer(form)).into_response()
}
