//! The protocol's own client for TypeScript, driven by `tests/clients/mcp.mjs`.

use std::time::Duration;

use salesgraph::http::McpOptions;
use serde_json::{Value as Json, json};

use super::{Tokens, data, serve, with_tools};
use crate::support::npm::{Clients, said};
use crate::support::reports::TestReports;
use crate::support::{TestApp, fixture};

/// The newest version of the protocol, which has no handshake and no sessions.
const NEWEST: &str = "2026-07-28";
/// Calls at once; for more the servers of the tests have no connections.
const CALLS: i64 = 6;
const EVERYTHING: &str = "sales:read persons:read reports:read reports:write loads:read";

async fn run(clients: &Clients, options: &Json) -> Json {
    let output = clients.run("mcp.mjs", &[&options.to_string()]).await;
    assert!(output.status.success(), "{options}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)))
}

/// Each request goes to the other of two servers.
#[tokio::test]
async fn a_client_uses_every_tool_of_two_servers_without_a_session() {
    let Some(clients) = Clients::installed("a client of the tools").await else { return };
    let app = TestApp::start().await;
    fixture::insert(&app.pool).await;
    let reports = TestReports::without_worker(app, Duration::from_secs(900)).await;
    let tokens = Tokens::new().await;
    let state = || {
        let state = reports.state().with_access(tokens.access.clone());
        state.with_mcp(Some(McpOptions::default()))
    };
    let [one, two] = [serve(state()).await, serve(state()).await];
    let steps = json!([
        { "list": true },
        { "tool": "search_schema", "arguments": { "query": "list price of products" } },
        { "tool": "run_query", "arguments": {
            "query": "query($n: Int!) { products(first: $n) { nodes { name listPrice } } }",
            "variables": { "n": 2 },
        } },
        { "tool": "sales_aggregate", "arguments": {
            "groupBy": ["TERRITORY"], "measures": ["ORDER_COUNT", "LINE_TOTAL_SUM"],
            "orderBy": [{ "measure": "LINE_TOTAL_SUM", "direction": "DESC" }], "first": 2,
        } },
        { "tool": "load_status", "arguments": {} },
        { "tool": "request_report", "arguments": { "project": "q3", "kind": "PRODUCTS" } },
        { "tool": "request_report", "arguments": { "project": "q3", "kind": "PRODUCTS" } },
        { "tool": "run_query", "arguments": { "query": "{ nothing }" } },
        { "tool": "no_such_tool", "arguments": {} },
        { "tool": "search_schema", "arguments": {} },
        { "tool": "sales_aggregate", "arguments": { "measures": ["PROFIT"] } },
        { "tool": "load_status", "arguments": { "runs": 0 } },
        { "tool": "request_report", "arguments": {} },
    ]);
    for (mode, version) in
        [("v1", "2025-11-25"), ("legacy", "2025-11-25"), ("auto", NEWEST), (NEWEST, NEWEST)]
    {
        let options = json!({
            "urls": [one.url(), two.url()], "token": tokens.of(EVERYTHING, None), "mode": mode,
            "steps": steps,
        });
        let answer = run(clients, &options).await;
        let connected = &answer["connected"];
        assert_eq!(connected["protocol"], version, "{mode}: {answer}");
        assert_eq!(connected["server"]["name"], "salesgraph", "{mode}");
        assert!(connected["capabilities"]["tools"].is_object(), "{connected}");
        assert!(connected["instructions"].as_str().unwrap().contains("sales_aggregate"));
        assert_eq!(answer["sessions"], 0, "{mode}");
        assert!(answer["requests"].as_u64().unwrap() >= 10, "{mode}: {}", answer["requests"]);
        check(&answer["steps"], mode);
    }
    one.server.stop().await;
    two.server.stop().await;
}

fn check(steps: &Json, mode: &str) {
    let content = |step: usize| {
        let result = &steps[step]["result"];
        assert_ne!(result["isError"], json!(true), "{mode} {step}: {}", steps[step]);
        result["structuredContent"].clone()
    };
    let tools = steps[0]["result"]["tools"].as_array().expect("tools");
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    let expected =
        ["sales_aggregate", "search_schema", "run_query", "request_report", "load_status"];
    assert_eq!(names, expected, "{mode}");
    for tool in tools {
        let hints = &tool["annotations"];
        assert_eq!(hints["readOnlyHint"], tool["name"] != "request_report", "{tool}");
        assert_eq!(hints["destructiveHint"], false, "{tool}");
        assert_eq!(hints["idempotentHint"], tool["name"] != "request_report", "{tool}");
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
        assert!(tool["description"].as_str().unwrap().len() > 200, "{tool}");
    }
    assert!(content(1)["results"].to_string().contains("Query.product.listPrice"));
    assert_eq!(content(2)["data"]["products"]["nodes"][1]["listPrice"], "20.0000");
    let rows = &content(3)["rows"];
    assert_eq!(rows.as_array().map(Vec::len), Some(2), "{rows}");
    assert_eq!(rows[0]["measures"]["orderCount"], 60, "{rows}");
    assert_eq!(content(4)["rejectedRows"], 1);
    let report = content(5)["report"].clone();
    assert_eq!(report["state"], "QUEUED", "{mode}");
    assert_eq!(content(6)["report"]["id"], report["id"], "{mode}: the same is found again");
    assert_eq!(content(6)["reused"], true, "{mode}");
    let failed = error_of(&steps[7]);
    assert_eq!(failed["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{mode}: {failed}");
    assert_eq!(failed["locations"][0], json!({ "line": 1, "column": 3 }), "{mode}: {failed}");
    assert_eq!(steps[8]["error"]["code"], -32_602, "{mode}: {}", steps[8]);
    // Also where the schema of results demands what errors have not.
    for (step, argument) in [(9, "query"), (10, "measures"), (11, "runs"), (12, "project")] {
        let failed = error_of(&steps[step]);
        assert_eq!(failed["extensions"]["argument"], argument, "{mode}: {}", steps[step]);
    }
}

/// The error of a call that failed.
fn error_of(step: &Json) -> Json {
    let failed = &step["result"];
    assert_eq!(failed["isError"], true, "{step}");
    let text = failed["content"][0]["text"].as_str().expect("a text");
    let said: Json = serde_json::from_str(text).expect("JSON");
    said["errors"][0].clone()
}

#[tokio::test]
async fn many_calls_at_once_each_get_their_own_answer() {
    let Some(clients) = Clients::installed("calls at once").await else { return };
    let db = data().await;
    let caller = serve(with_tools(&db)).await;
    let ask = |id: i64| {
        let query = format!("{{ product(productId: {id}) {{ productId }} }}");
        json!({ "tool": "run_query", "arguments": { "query": query } })
    };
    let steps: Vec<Json> = (1..=CALLS).map(ask).collect();
    for mode in ["legacy", NEWEST] {
        let options =
            json!({ "urls": [caller.url()], "mode": mode, "atOnce": true, "steps": steps });
        let answer = run(clients, &options).await;
        for (step, id) in (1..=CALLS).enumerate() {
            let result = &answer["steps"][step]["result"]["structuredContent"];
            assert_eq!(result["data"]["product"]["productId"], id, "{mode}: {answer}");
        }
    }
    caller.server.stop().await;
}

#[tokio::test]
async fn a_client_without_a_valid_token_is_not_let_in() {
    let Some(clients) = Clients::installed("a refused client").await else { return };
    let db = data().await;
    let tokens = Tokens::new().await;
    let caller = serve(with_tools(&db).with_access(tokens.access.clone())).await;
    for mode in ["legacy", NEWEST] {
        for token in [Json::Null, json!("wrong")] {
            let options =
                json!({ "urls": [caller.url()], "token": token, "mode": mode, "steps": [] });
            let answer = run(clients, &options).await;
            let refused = answer["refused"].to_string();
            assert!(refused.contains("401") || refused.contains("UNAUTHENTICATED"), "{answer}");
        }
    }
    caller.server.stop().await;
}
