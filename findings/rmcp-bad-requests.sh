#!/usr/bin/env bash
# rmcp 3.11.0, its Streamable HTTP server without sessions.
# Seen: a body that is no JSON is answered by 415 Unsupported Media Type with a plain text, and
#   `tools/call` whose `arguments` are no object, or whose `name` is missing, by the error -32601
#   (Method not found) of the method that the server has.
# Expected: as JSON-RPC 2.0 defines them: the error -32700 (Parse error) with status 400, and
#   -32602 (Invalid params).
# Matters: an assistant that writes a wrong argument is told that there are no tools to call, and
#   gives up instead of mending its call; a client looks for a fault in its headers.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
rmcp = { version = "=3.11.0", default-features = false, features = ["server", "transport-streamable-http-server"] }
bytes = "1"
http = "1"
http-body-util = "0.1"
tokio = { version = "1", features = ["rt", "macros"] }
tower-service = "0.3"
TOML
cat > src/main.rs <<'RUST'
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ErrorData, ServerCapabilities,
    ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{RoleServer, ServerHandler};
use tower_service::Service as _;

#[derive(Clone)]
struct Server;

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        _request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::success(Vec::new()).into())
    }
}

async fn answer(body: &str) -> (u16, String) {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true);
    let sessions = Arc::new(NeverSessionManager::default());
    let mut service = StreamableHttpService::new(|| Ok(Server), sessions, config);
    let request = Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let response = service.call(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let call = |params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#)
    };
    let good = answer(&call(r#"{"name":"x","arguments":{}}"#)).await;
    assert!(good.0 == 200 && good.1.contains("result"), "{good:?}");
    let mut is_changed = false;
    for (body, status, part) in [
        ("{".to_owned(), 415, "fail to deserialize"),
        (call(r#"{"name":"x","arguments":[]}"#), 200, "-32601"),
        (call(r#"{"arguments":{}}"#), 200, "-32601"),
    ] {
        let found = answer(&body).await;
        println!("{body}\n  {} {}", found.0, found.1);
        is_changed |= found.0 != status || !found.1.contains(part);
    }
    if is_changed {
        eprintln!("changed: these are answered otherwise");
        std::process::exit(1);
    }
}
RUST
cargo run --quiet
