//! All routes, and the layers around them.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tower::ServiceBuilder;
use tower::util::option_layer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use super::cache::etag;
use super::state::AppState;
use super::{
    compression, cors, endpoint, health, loopback_guard, mcp, observation, pages, rate_limit,
    request_log, response, saved_query, security_headers, trace_layer,
};
use crate::graphql;
use crate::telemetry::trace;

/// Everything that is served, by TLS of this server or not.
pub fn router(state: impl Into<Arc<AppState>>, is_tls: bool) -> Router {
    let state: Arc<AppState> = state.into();
    let cors = cors::layer(&state.cors_origins);
    // With access control the API may have any name.
    let guard = state.access.is_open().then(|| from_fn(loopback_guard::require_loopback));
    let limits = Arc::clone(&state.rate_limits);
    let saved = saved_query::routes(Arc::clone(&state));
    let pages = pages::routes(Arc::clone(&state));
    let mcp = mcp::routes(&state);
    let traced = trace::is_on().then(|| from_fn_with_state(is_tls, trace_layer::trace));
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(request_log::layer())
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(from_fn_with_state(is_tls, security_headers::add))
        .layer(from_fn(observation::observe))
        .layer(CatchPanicLayer::custom(response::panicked))
        .layer(option_layer(guard));
    Router::new()
        .route("/graphql", endpoint::methods())
        .route("/schema.graphql", get(sdl))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(state)
        .merge(pages)
        .merge(mcp)
        .layer(compression::layer())
        // Not compressed: an encoder would delay rows, and there is a format that is.
        .merge(saved)
        .layer(from_fn(etag::with_coding))
        .layer(from_fn_with_state(limits, rate_limit::limit))
        .layer(option_layer(cors))
        .layer(layers)
        .layer(option_layer(traced))
}

/// The schema, unless clients may not ask for it.
async fn sdl(State(state): State<Arc<AppState>>) -> Response {
    static SDL: LazyLock<String> = LazyLock::new(graphql::sdl);
    if !state.engine.limits().introspection {
        return (StatusCode::NOT_FOUND, "Introspection is off on this server.\n").into_response();
    }
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], SDL.as_str()).into_response()
}
