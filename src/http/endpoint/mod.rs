//! `/graphql`: GraphQL over HTTP, with both of its media types.

mod batch;
mod call;

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use tokio::time::timeout;

use super::authentication::authenticate;
use super::pages;
use super::rate_limit::Meter;
use super::request::media::{self, EventStream, MediaType, accepted};
use super::request::parameters::{Parameters, read};
use super::response::rejection::Rejection;
use super::state::AppState;
use super::subscription::websocket;
use crate::auth::Principal;
pub(super) use call::{Call, Method};

type Shared = Arc<AppState>;

/// GET, POST, and 405 for the rest.
pub(super) fn methods() -> MethodRouter<Shared> {
    get(by_get).post(by_post).fallback(other_method)
}

async fn by_get(
    State(state): State<Shared>,
    Extension(meter): Extension<Arc<Meter>>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let (head, _) = request.into_parts();
    if websocket::is_handshake(&head.headers) {
        return websocket::open_socket(state, meter, head).await;
    }
    let (uri, headers) = (head.uri, head.headers);
    if media::wants_html(&headers) {
        return if state.documents.accept_untrusted() {
            pages::graphiql()
        } else {
            pages::no_graphiql()
        };
    }
    let Some((media_type, events)) = accepted(&headers) else { return not_acceptable() };
    let principal = match admit(&state, &meter, &headers).await {
        Ok(principal) => principal,
        Err(rejection) => return rejection.respond(media_type),
    };
    match Parameters::from_uri(&uri).and_then(|given| state.documents.resolve(given)) {
        Ok(resolved) => {
            let by_reference = resolved.by_reference;
            let method = Method::Get { by_reference };
            let call = Call::post(&state, &principal, &meter, media_type, &headers, started);
            let call = Call { method, events, ..call };
            meter.observation.is_operation(resolved.metrics);
            let response = call.respond(resolved.operation).await;
            if by_reference { response } else { no_store(response) }
        }
        Err(rejection) => rejection.respond(media_type),
    }
}

/// The principal of a request that its limits allow.
pub(super) async fn admit(
    state: &AppState,
    meter: &Meter,
    headers: &HeaderMap,
) -> Result<Arc<Principal>, Rejection> {
    let principal = authenticate(state, headers).await?;
    meter.count_token(&principal)?;
    Ok(principal)
}

fn not_acceptable() -> Response {
    Rejection::not_acceptable().respond(MediaType::Json)
}

/// A long URL with a document in it is not worth caching.
fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    // Event streams have their own headers.
    if headers.contains_key(CACHE_CONTROL) {
        return response;
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The same URL has a page, and data in two media types.
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}

async fn by_post(
    State(state): State<Shared>,
    Extension(meter): Extension<Arc<Meter>>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let Some((media_type, events)) = accepted(&head.headers) else { return not_acceptable() };
    let principal = match admit(&state, &meter, &head.headers).await {
        Ok(principal) => principal,
        Err(rejection) => return rejection.respond(media_type),
    };
    if !media::is_identity(&head.headers) {
        return Rejection::encoded_body().respond(media_type);
    }
    if !media::is_json(&head.headers) {
        let message = "the body must be application/json in UTF-8";
        return Rejection::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).respond(media_type);
    }
    let limits = &state.limits;
    let body = match timeout(limits.execution_time, read(body, limits.body_bytes)).await {
        Ok(body) => body,
        Err(_) => Err(Rejection::body_too_slow(limits.execution_time)),
    };
    let call = Call::post(&state, &principal, &meter, media_type, &head.headers, started);
    let call = Call { events, ..call };
    let response = match body {
        Ok(body) if batch::is_array(&body) => by_batch(call, &body).await,
        Ok(body) => {
            match Parameters::from_json(&body).and_then(|given| state.documents.resolve(given)) {
                Ok(resolved) => {
                    meter.observation.is_operation(resolved.metrics);
                    Ok(call.respond(resolved.operation).await)
                }
                Err(rejection) => Err(rejection),
            }
        }
        Err(rejection) => Err(rejection),
    };
    response.unwrap_or_else(|rejection| rejection.respond(media_type))
}

/// Executes a batch: one slot in the queue for all requests, limits and a permit for
/// each.
async fn by_batch(call: Call<'_>, body: &[u8]) -> Result<Response, Rejection> {
    let requests = batch::requests(body, call.state.batch_max)?;
    if !media::accepts_json(call.headers) {
        let message = "an array of requests is answered as application/json only";
        return Err(Rejection::new(StatusCode::NOT_ACCEPTABLE, message));
    }
    call.meter.observation.is_batch();
    // The first one is counted already.
    call.meter.count_more(call.principal, requests.len().saturating_sub(1))?;
    let slot = call.state.concurrency.enqueue()?;
    let (media_type, events) = (MediaType::Json, EventStream::NotAccepted);
    let call = Call { media_type, events, slot: Some(&slot), ..call };
    let documents = &call.state.documents;
    let responses = requests.into_iter().map(async |given| match documents.resolve(given) {
        Ok(resolved) => call.respond(resolved.operation).await,
        Err(rejection) => rejection.respond(MediaType::Json),
    });
    Ok(batch::respond(responses).await)
}

async fn other_method(headers: HeaderMap) -> Response {
    let media_type = MediaType::accepted(&headers).unwrap_or(MediaType::Json);
    let rejection = Rejection::new(StatusCode::METHOD_NOT_ALLOWED, "use POST, or GET for queries");
    ([(ALLOW, "GET, POST")], rejection.respond(media_type)).into_response()
}
