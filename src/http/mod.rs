//! The HTTP server: the GraphQL endpoint, the SDL, health, pages.

mod answers;
mod batch;
mod cache;
mod call;
mod cors;
mod documents;
mod endpoint;
mod etag;
mod health;
mod local;
mod media;
mod observe;
pub mod pages;
mod parameters;
mod persisted;
mod refused;
mod server;
pub mod subscribe;
mod trusted;
mod turns;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::get;
use sqlx::PgPool;
use tower::ServiceBuilder;
use tower::util::option_layer;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use crate::config::CorsOrigins;
use crate::db::data_version::DataVersions;
use crate::graphql::{self, Engine};
use crate::query::Reader;
use answers::Answers;
use turns::Turns;

pub use documents::Documents;
pub use server::serve;
pub use trusted::Trusted;

/// Bounds of a request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most bytes of a request's body.
    pub body_bytes: usize,
    /// Longest time from the head of a request to its answer. What it still runs
    /// in Postgres then is cancelled.
    pub execution_time: Duration,
    /// Requests that are executed at once. As many may wait for their turn.
    pub concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 1024 * 1024, execution_time: Duration::from_secs(30), concurrency: 64 }
    }
}

/// What the handlers share.
pub struct AppState {
    engine: Engine,
    answers: Answers,
    pool: PgPool,
    documents: Documents,
    limits: Limits,
    turns: Turns,
    batch_max: usize,
    cors_origins: CorsOrigins,
    open: subscribe::Open,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl AppState {
    /// The state over a pool and the versions of its data, without a cache.
    #[must_use]
    pub fn new(
        pool: PgPool,
        versions: DataVersions,
        document_limits: graphql::Limits,
        limits: Limits,
    ) -> Self {
        let open = subscribe::Open::new(subscribe::Limits::default(), versions.changes());
        Self {
            engine: Engine::new(Reader::new(pool.clone()), document_limits),
            answers: Answers::new(versions, &document_limits),
            pool,
            documents: Documents::default(),
            limits,
            turns: Turns::new(limits.concurrency),
            batch_max: 0,
            cors_origins: CorsOrigins::None,
            open,
        }
    }

    /// The same where mutations can be executed.
    #[must_use]
    pub fn with_commands(self, commands: graphql::Commands) -> Self {
        Self { engine: self.engine.with_commands(commands), ..self }
    }

    /// The same with other documents that requests may name.
    #[must_use]
    pub fn with_documents(self, documents: Documents) -> Self {
        Self { documents, ..self }
    }

    /// The same where a body may be an array of up to so many requests.
    #[must_use]
    pub fn with_batch_max(self, batch_max: usize) -> Self {
        Self { batch_max, ..self }
    }

    /// Keeps answers ready, in memory of so many bytes. Needs a runtime.
    #[must_use]
    pub fn with_cache(self, max_bytes: usize) -> Self {
        Self { answers: self.answers.cached(max_bytes), ..self }
    }

    /// Bytes of the answers that are kept ready, with their keys.
    #[must_use]
    pub fn cached_bytes(&self) -> u64 {
        self.answers.cached_bytes()
    }

    /// The same with pages of other origins that may read the answers.
    #[must_use]
    pub fn with_cors_origins(self, cors_origins: CorsOrigins) -> Self {
        Self { cors_origins, ..self }
    }

    /// The same with other bounds of the connections that stay open.
    #[must_use]
    pub fn with_subscriptions(self, limits: subscribe::Limits) -> Self {
        let open = subscribe::Open::new(limits, self.open.changes());
        Self { open, ..self }
    }
}

/// A smaller answer fits a packet or two as it is.
const COMPRESSED_FROM: u64 = 1_024;
/// Above this, both gzip and Brotli take much more time for little.
const COMPRESSION: CompressionLevel = CompressionLevel::Precise(4);

/// Everything that is served.
pub fn router(state: impl Into<Arc<AppState>>) -> Router {
    let state: Arc<AppState> = state.into();
    // Events go out one by one, which an encoder would hold back.
    let compressed = SizeAbove::new(COMPRESSED_FROM).and(NotForContentType::SSE);
    let compression = CompressionLayer::new().quality(COMPRESSION).compress_when(compressed);
    let cors = cors::layer(&state.cors_origins);
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(observe::layer())
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(CatchPanicLayer::custom(refused::panicked))
        .layer(from_fn(local::only));
    Router::new()
        .route("/graphql", endpoint::methods())
        .route("/schema.graphql", get(sdl))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(state)
        .merge(pages::routes())
        .layer(compression)
        .layer(from_fn(etag::by_coding))
        .layer(option_layer(cors))
        .layer(layers)
}

async fn sdl() -> impl IntoResponse {
    static SDL: LazyLock<String> = LazyLock::new(graphql::sdl);
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], SDL.as_str())
}
