//! The tools of assistants at `/mcp`, spoken to by the protocol's own client and by hand.

mod access;
mod bounds;
mod client;
mod documented;
mod figures;
mod protocol;
mod reports;
mod tools;

use std::sync::Arc;
use std::time::Duration;

use salesgraph::auth::{Access, Grants, RefreshTimes, Scope, TokenSigner};
use salesgraph::http::{AppState, McpOptions, RequestLimits};
use serde_json::{Value as Json, json};

use crate::support::http::{Answer, CACHE_BYTES, TestServer, state};
use crate::support::{TestDb, database, fixture};

const JSON: &str = "application/json";
/// What the protocol has every client accept.
const BOTH: &str = "application/json, text/event-stream";
const HOUR: Duration = Duration::from_secs(3_600);

/// Who gives tokens, and who checks them.
struct Tokens {
    signer: TokenSigner,
    access: Access,
}

impl Tokens {
    async fn new() -> Self {
        let signer = TokenSigner::ephemeral().expect("random bytes");
        let issuers = [signer.issuer().clone()];
        let access = Access::control(&issuers, None, RefreshTimes::default()).await;
        Self { signer, access: access.expect("access control") }
    }

    /// A token of a caller with these grants, limited to these territories if there are any.
    fn of(&self, grants: &str, territories: Option<&[i32]>) -> String {
        let scope = scope(grants, territories);
        self.signer.sign("assistant", &scope, HOUR).expect("a token")
    }
}

fn scope(grants: &str, territories: Option<&[i32]>) -> Scope {
    let grants = Grants::known_in(grants);
    Scope::new(Some("acme".to_owned()), grants, territories.map(<[i32]>::to_vec))
}

/// A database with the rows of the fixture.
async fn data() -> TestDb {
    let db = database().await;
    fixture::insert(&db.pool).await;
    db
}

/// A server's state with the tools.
fn with_tools(db: &TestDb) -> AppState {
    let state = state(&db.pool, RequestLimits::default()).with_cache(CACHE_BYTES);
    state.with_mcp(Some(McpOptions::default()))
}

async fn serve(state: impl Into<Arc<AppState>>) -> Caller {
    Caller { server: TestServer::serve(state).await, token: None }
}

/// A server, and who talks to it.
struct Caller {
    server: TestServer,
    token: Option<String>,
}

impl Caller {
    fn with(self, token: String) -> Self {
        Self { token: Some(token), ..self }
    }

    fn url(&self) -> String {
        format!("http://{}/mcp", self.server.address)
    }

    /// Posts a body with these headers besides those that every client sends.
    async fn post(&self, headers: &[(&str, &str)], body: &str) -> Answer {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut all = vec![("content-type", JSON), ("accept", BOTH)];
        all.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        all.retain(|(name, _)| headers.iter().all(|(other, _)| other != name));
        all.extend_from_slice(headers);
        self.server.request("POST", "/mcp", &all, body).await
    }

    /// The answer to a request of the protocol.
    async fn request(&self, method: &str, params: Json) -> Json {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.post(&[], &body.to_string()).await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.text);
        let json = answer.json();
        assert_eq!((&json["jsonrpc"], &json["id"]), (&json!("2.0"), &json!(1)), "{json}");
        json
    }

    /// Whether a tool failed, and what it says.
    async fn call(&self, tool: &str, arguments: Json) -> (bool, Json) {
        let params = json!({ "name": tool, "arguments": arguments });
        let answer = self.request("tools/call", params).await;
        let result = answer["result"].clone();
        assert!(result.is_object(), "{tool}: {answer}");
        let text = result["content"][0]["text"].as_str().expect("a text");
        let said: Json = serde_json::from_str(text).expect("JSON");
        let is_error = result["isError"].as_bool().expect("whether it failed");
        // As a value only what succeeds: some clients check it against the schema of results.
        let value = if is_error { Json::Null } else { said.clone() };
        assert_eq!(result["structuredContent"], value, "{tool}");
        (is_error, said)
    }

    /// What a call that succeeds answers.
    async fn told(&self, tool: &str, arguments: Json) -> Json {
        let (is_error, said) = self.call(tool, arguments.clone()).await;
        assert!(!is_error, "{tool} {arguments}: {said}");
        said
    }

    /// Code and message of the first error of a call.
    async fn refusal(&self, tool: &str, arguments: Json) -> (String, String) {
        let (is_error, said) = self.call(tool, arguments.clone()).await;
        assert!(is_error, "{tool} {arguments}: {said}");
        let error = &said["errors"][0];
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        (text(&error["extensions"]["code"]), text(&error["message"]))
    }

    /// The names of the tools that are listed.
    async fn listed(&self) -> Vec<String> {
        let answer = self.request("tools/list", json!({})).await;
        let tools = answer["result"]["tools"].as_array().expect("tools").iter();
        tools.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// The response at `/graphql` to the same caller.
    async fn graphql(&self, query: &str) -> Json {
        let bearer = format!("Bearer {}", self.token.as_deref().unwrap_or("none"));
        let headers = [("content-type", JSON), ("accept", JSON), ("authorization", &*bearer)];
        let body = json!({ "query": query }).to_string();
        self.server.request("POST", "/graphql", &headers, &body).await.json()
    }
}
