//! A server that executes mutations.

use std::time::Duration;

use salesgraph::graphql::Commands;
use salesgraph::http::{AppState, RequestLimits};
use salesgraph::load::BatchLimits;
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::TestApp;
use super::http::{Answer, CACHE_BYTES, TestServer, state};

const JSON: &str = "application/json";

/// Commands on the test's database that are waited for this long.
pub(crate) fn commands(app: &TestApp, patience: Duration, stop: &CancellationToken) -> Commands {
    let limits = BatchLimits { rows: 5_000, bytes: 1 << 20, record_bytes: 1 << 10 };
    Commands::new(app.pool.clone(), app.database(), limits, patience, stop.clone())
}

/// A state with commands that are waited for to their end, and with a cache.
pub(crate) fn state_with_commands(app: &TestApp) -> AppState {
    let commands = commands(app, Duration::from_secs(15), &CancellationToken::new());
    state(&app.pool, RequestLimits::default()).with_cache(CACHE_BYTES).with_commands(commands)
}

/// What a client of JSON gets.
pub(crate) async fn ask(server: &TestServer, query: &str, variables: Json) -> Answer {
    server.post(JSON, &json!({ "query": query, "variables": variables }).to_string()).await
}
