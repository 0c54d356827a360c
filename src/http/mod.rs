//! The HTTP server: the GraphQL endpoint, the SDL, health, pages.

mod endpoint;
mod health;
mod local;
mod media;
mod observe;
pub mod pages;
mod server;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::get;
use sqlx::PgPool;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use crate::graphql::{self, Schema};
use crate::query::Reader;

pub use server::serve;

/// Bounds of a request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most bytes of a request's body.
    pub body_bytes: usize,
    /// Longest time from the head of a request to its answer.
    pub timeout: Duration,
}

/// How much longer a request may take than one of its statements.
const AFTER_STATEMENT: Duration = Duration::from_secs(5);

impl Limits {
    /// The limits over a database that ends a statement after so long. It does so
    /// before the request is given up: then the client learns what took too long,
    /// and nothing goes on for a client that is gone.
    #[must_use]
    pub fn after(statement_timeout: Duration) -> Self {
        let timeout = statement_timeout.saturating_add(AFTER_STATEMENT);
        Self { timeout, ..Self::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 1024 * 1024, timeout: Duration::from_secs(30) }
    }
}

/// What the handlers share.
#[derive(Clone)]
pub struct AppState {
    schema: Schema,
    pool: PgPool,
    limits: Limits,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl AppState {
    /// The state over a pool.
    #[must_use]
    pub fn new(pool: PgPool, documents: graphql::Limits, limits: Limits) -> Self {
        Self { schema: graphql::schema(Reader::new(pool.clone()), documents), pool, limits }
    }
}

/// Everything that is served.
pub fn router(state: AppState) -> Router {
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(observe::layer())
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(CatchPanicLayer::custom(endpoint::panicked))
        .layer(from_fn(local::only));
    Router::new()
        .route("/graphql", endpoint::methods())
        .route("/schema.graphql", get(sdl))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(Arc::new(state))
        .merge(pages::routes())
        .layer(layers)
}

async fn sdl() -> impl IntoResponse {
    static SDL: LazyLock<String> = LazyLock::new(graphql::sdl);
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], SDL.as_str())
}
