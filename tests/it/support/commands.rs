//! A server that executes mutations.

use salesgraph::config::LoadMode;
use salesgraph::graphql::Commands;
use salesgraph::http::{AppState, RequestLimits};
use serde_json::{Value as Json, json};

use super::TestApp;
use super::http::{Answer, CACHE_BYTES, TestServer, state};

const JSON: &str = "application/json";

/// A state with commands on the test's database and bucket, and with a cache.
pub(crate) fn state_with_commands(app: &TestApp) -> AppState {
    let source = app.source_uri().parse().expect("a source");
    let commands = Commands::new(app.pool.clone()).with_loads(Some(source), LoadMode::Merge);
    state(&app.pool, RequestLimits::default()).with_cache(CACHE_BYTES).with_commands(commands)
}

/// What a client of JSON gets.
pub(crate) async fn ask(server: &TestServer, query: &str, variables: Json) -> Answer {
    server.post(JSON, &json!({ "query": query, "variables": variables }).to_string()).await
}
