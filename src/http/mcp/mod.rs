//! `/mcp`: the data as tools of assistants, by the Model Context Protocol over HTTP.
//!
//! Each request stands for itself, so that any of several servers may answer it. What a tool
//! asks for is executed as a document at `/graphql` is: with the same rights and limits.

mod arguments;
mod assistant;
mod desk;
mod message;
mod options;
mod outcome;
mod tools;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, COOKIE, PROXY_AUTHORIZATION,
    WWW_AUTHENTICATE,
};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use bytes::Bytes;
use http_body_util::Full;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tower::Service as _;

use self::assistant::{Assistant, Door};
use self::desk::Desk;
use self::options::WELL_KNOWN;
pub use self::options::{McpOptions, ProtectedResource};
use self::tools::Tool;
use super::cors;
use super::endpoint::admit;
use super::rate_limit::Meter;
use super::request::media::{MediaType, is_identity, is_json};
use super::request::parameters::read;
use super::response::rejection::Rejection;
use super::state::AppState;
use crate::auth::Principal;
use crate::telemetry::metrics::{OperationMetrics, operation};

type Shared = Arc<AppState>;

/// What is left to a tool whose time is over, to say so.
const GRACE: Duration = Duration::from_secs(5);

/// What is no call of a tool.
static PROTOCOL: LazyLock<&OperationMetrics> = LazyLock::new(|| operation("mcp"));

/// Speaks the protocol. It has no sessions, and limits of its own are off: what comes to it has
/// passed those of the API.
static PROTOCOL_SERVICE: LazyLock<StreamableHttpService<Assistant, NeverSessionManager>> =
    LazyLock::new(|| {
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(usize::MAX)
            .disable_allowed_hosts()
            .disable_allowed_origins();
        StreamableHttpService::new(|| Ok(Assistant), Arc::default(), config)
    });

/// The routes; none where assistants may not use the data, or only with trusted documents.
pub(super) fn routes(state: &Shared) -> Router {
    let Some(options) = &state.mcp else { return Router::new() };
    // The tools ask for what they like.
    if !state.documents.accept_untrusted() {
        return Router::new();
    }
    Tool::prepare();
    let methods = post(by_post).fallback(other_method);
    let routes = Router::new().route("/mcp", methods).with_state(Arc::clone(state));
    let Some(resource) = &options.resource else { return routes };
    let (metadata, own_path) = (Json(resource.metadata()), resource.metadata_path());
    let metadata = get(move |uri: Uri| {
        let is_its = uri.path() == WELL_KNOWN || uri.path() == own_path;
        std::future::ready(if is_its { Ok(metadata.clone()) } else { Err(StatusCode::NOT_FOUND) })
    });
    // Not as a route of its own: its characters could mean something there.
    let below = format!("{WELL_KNOWN}/{{*path}}");
    routes.route(WELL_KNOWN, metadata.clone()).route(&below, metadata)
}

async fn by_post(
    State(state): State<Shared>,
    Extension(meter): Extension<Arc<Meter>>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let answered = match accept(&state, &meter, &head, body).await {
        Ok((principal, body)) => {
            let desk = Desk {
                state: &state,
                principal: &principal,
                meter: &meter,
                headers: &head.headers,
                started,
            };
            let limit = state.limits.execution_time;
            let late = limit.saturating_add(GRACE);
            match timeout(late, Box::pin(answer(desk, &head, body))).await {
                Ok(response) => response,
                Err(_) => refused(&state, Rejection::timeout(limit)),
            }
        }
        Err(rejection) => refused(&state, rejection),
    };
    meter.observation.is_operation(*PROTOCOL);
    no_store(answered)
}

/// The caller and the body of a request that may be answered.
async fn accept(
    state: &Shared,
    meter: &Arc<Meter>,
    head: &Parts,
    body: Body,
) -> Result<(Arc<Principal>, Bytes), Rejection> {
    // The protocol demands it of all messages, also of those that change nothing.
    if !cors::may_connect(&state.cors_origins, &head.headers) {
        let message = "a page of another site may not use the tools; the operator names those \
                       that may in http.cors_origins";
        return Err(Rejection::new(StatusCode::FORBIDDEN, message));
    }
    let principal = admit(state, meter, &head.headers).await?;
    if !is_identity(&head.headers) {
        return Err(Rejection::encoded_body());
    }
    if !is_json(&head.headers) {
        let message = "the body must be application/json in UTF-8";
        return Err(Rejection::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let limits = &state.limits;
    let body = timeout(limits.execution_time, read(body, limits.body_bytes)).await;
    let body = body.map_err(|_| Rejection::body_too_slow(limits.execution_time))??;
    Ok((principal, body))
}

/// The answer to a message. Tools are called here and not where the protocol is spoken: with
/// the request they end, and what they do is in its trace.
async fn answer(desk: Desk<'_>, head: &Parts, body: Bytes) -> Response {
    if let Some(problem) = message::problem(&body) {
        return problem;
    }
    let (calls, mut called) = mpsc::channel(1);
    let door = Door {
        scope: desk.principal.scope.clone(),
        tells_schema: desk.state.engine.limits().introspection,
        calls,
    };
    let mut service = PROTOCOL_SERVICE.clone();
    let response = service.call(protocol_request(head, door, body));
    let mut response = std::pin::pin!(response);
    loop {
        tokio::select! {
            Some(call) = called.recv() => call.answer(desk).await,
            answered = &mut response => {
                // It cannot fail.
                let Ok(answered) = answered;
                return described(answered.map(Body::new));
            }
        }
    }
}

/// The request as the protocol needs it, without credentials: they are of no concern to it.
fn protocol_request(head: &Parts, door: Door, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    let headers = request.headers_mut();
    headers.clone_from(&head.headers);
    for secret in [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE] {
        headers.remove(secret);
    }
    request.extensions_mut().insert(door);
    request
}

/// Its refusals are plain texts without a type.
fn described(mut response: Response) -> Response {
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().entry(CONTENT_TYPE).or_insert(text);
    if response.status().is_server_error() {
        tracing::error!(status = response.status().as_u16(), "a message was not answered");
    }
    response
}

fn refused(state: &AppState, rejection: Rejection) -> Response {
    let mut response = rejection.respond(MediaType::GraphqlResponse);
    let resource = state.mcp.as_ref().and_then(|options| options.resource.as_ref());
    let is_unauthenticated = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MediaType::Json.content_type()));
    if let (true, Some(resource)) = (is_unauthenticated, resource) {
        let metadata = resource.metadata_url();
        let bearer = format!("Bearer realm=\"salesgraph\", resource_metadata=\"{metadata}\"");
        if let Ok(bearer) = HeaderValue::try_from(bearer) {
            headers.insert(WWW_AUTHENTICATE, bearer);
        }
    }
    response
}

fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Without sessions there is nothing to follow or to end.
async fn other_method() -> Response {
    let rejection = Rejection::new(StatusCode::METHOD_NOT_ALLOWED, "use POST");
    ([(ALLOW, "POST")], rejection.respond(MediaType::Json)).into_response()
}
