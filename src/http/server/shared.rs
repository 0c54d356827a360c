//! What the connections share.

use std::sync::Arc;

use axum::Router;

use super::options::ServerOptions;
use super::registry::Registry;

/// What the connections share.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) router: Router,
    pub(super) options: ServerOptions,
    pub(super) registry: Arc<Registry>,
}
