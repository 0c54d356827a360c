//! The state that the handlers share.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::cache::response_cache::ResponseCache;
use super::concurrency_limit::ConcurrencyLimit;
use super::documents::Documents;
use super::mcp::McpOptions;
use super::rate_limit::RateLimits;
use super::readiness::Readiness;
use super::server::Tally;
use super::subscription::connections::{Connections, SubscriptionLimits};
use crate::auth::Access;
use crate::columnar::Copies;
use crate::config::{CorsOrigins, DocumentLimits, RequestLimits};
use crate::db::data_version::DataVersions;
use crate::graphql::{self, Engine};
use crate::query::Reader;

/// Most files that are downloaded at once, each over a connection to the database or two; half
/// of the pool's connections are for them, for which others wait.
const DOWNLOADS: usize = 16;

/// The state that the handlers share.
pub struct AppState {
    pub(super) access: Access,
    pub(super) engine: Engine,
    pub(super) cache: ResponseCache,
    pub(super) reader: Reader,
    pub(super) readiness: Readiness,
    pub(super) documents: Documents,
    pub(super) limits: RequestLimits,
    pub(super) concurrency: ConcurrencyLimit,
    /// One for each file that is being downloaded.
    pub(super) downloads: Arc<Semaphore>,
    pub(super) batch_max: usize,
    pub(super) cors_origins: CorsOrigins,
    pub(super) connections: Connections,
    /// Of connections of any kind.
    pub(super) tally: Arc<Tally>,
    pub(super) rate_limits: Arc<RateLimits>,
    /// Of the tools of assistants, if there are any.
    pub(super) mcp: Option<McpOptions>,
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl AppState {
    /// The state over a reader, or a pool to read over, and the versions of its data, without
    /// a cache.
    #[must_use]
    pub fn new(
        reader: impl Into<Reader>,
        versions: DataVersions,
        document_limits: DocumentLimits,
        limits: RequestLimits,
    ) -> Self {
        let connections = Connections::new(SubscriptionLimits::default(), versions.changes());
        let reader = reader.into();
        Self {
            access: Access::open(),
            engine: Engine::new(reader.clone(), document_limits),
            cache: ResponseCache::disabled(versions, reader.replicas(), &document_limits),
            reader,
            readiness: Readiness::default(),
            documents: Documents::default(),
            limits,
            downloads: Arc::new(Semaphore::new(DOWNLOADS)),
            concurrency: ConcurrencyLimit::new(limits.concurrency, limits.concurrency_per_token),
            batch_max: 0,
            cors_origins: CorsOrigins::None,
            connections,
            tally: Arc::default(),
            rate_limits: Arc::default(),
            mcp: None,
        }
    }

    /// Knows callers so; by default there is no access control.
    #[must_use]
    pub fn with_access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// Is a subgraph of a federation.
    #[must_use]
    pub fn as_subgraph(self) -> Self {
        let (engine, cache) = (self.engine.as_subgraph(), self.cache.of_subgraph());
        Self { engine, cache, ..self }
    }

    /// Whether callers need credentials.
    #[must_use]
    pub fn has_access_control(&self) -> bool {
        !matches!(self.access, Access::Open(_))
    }

    /// Limits requests over time; by default nothing is limited so.
    #[must_use]
    pub fn with_rate_limits(self, rate_limits: RateLimits) -> Self {
        Self { rate_limits: Arc::new(rate_limits), ..self }
    }

    /// Has tools for assistants; by default there are none.
    #[must_use]
    pub fn with_mcp(self, mcp: Option<McpOptions>) -> Self {
        Self { mcp, ..self }
    }

    /// Executes mutations by these commands.
    #[must_use]
    pub fn with_commands(self, commands: graphql::Commands) -> Self {
        Self { engine: self.engine.with_commands(commands), ..self }
    }

    /// Answers aggregates from these columns where it can.
    #[must_use]
    pub fn with_columns(self, columns: Copies) -> Self {
        Self { engine: self.engine.with_columns(columns), ..self }
    }

    /// Sets the documents that requests may refer to.
    #[must_use]
    pub fn with_documents(self, documents: Documents) -> Self {
        Self { documents, ..self }
    }

    /// Accepts bodies that are an array of up to `batch_max` requests.
    #[must_use]
    pub fn with_batch_max(self, batch_max: usize) -> Self {
        Self { batch_max, ..self }
    }

    /// Caches responses in up to `max_bytes` of memory. Needs a runtime.
    #[must_use]
    pub fn with_cache(self, max_bytes: usize) -> Self {
        Self { cache: self.cache.enabled(max_bytes), ..self }
    }

    /// Bytes of the cached responses and their keys.
    #[must_use]
    pub fn cached_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// Connections that wait for their next request without buffers.
    #[must_use]
    pub fn parked_connections(&self) -> u32 {
        self.tally.parked()
    }

    /// All other open connections.
    #[must_use]
    pub fn active_connections(&self) -> u32 {
        self.tally.active()
    }

    /// Sets the origins whose pages may read responses.
    #[must_use]
    pub fn with_cors_origins(self, cors_origins: CorsOrigins) -> Self {
        Self { cors_origins, ..self }
    }

    /// Sets the limits of subscriptions.
    #[must_use]
    pub fn with_subscriptions(self, limits: SubscriptionLimits) -> Self {
        let connections = Connections::new(limits, self.connections.changes());
        Self { connections, ..self }
    }
}
