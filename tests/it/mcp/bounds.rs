//! What a call may take, and what it leaves behind.

use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use salesgraph::http::{McpOptions, RequestLimits};
use serde_json::json;
use sqlx::Executor as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::{BOTH, JSON, data, serve, with_tools};
use crate::support::http::{Answer, send, state};
use crate::support::{TestApp, fixture};

#[tokio::test]
async fn a_result_that_is_too_large_is_an_error_that_says_how_to_ask_for_less() {
    let db = data().await;
    let options = McpOptions { result_bytes: 5_000, ..McpOptions::default() };
    let caller = serve(with_tools(&db).with_mcp(Some(options))).await;
    let all = "{ salesOrderLines(first: 500) { nodes { id salesOrderId lineTotal } } }";
    let groups = json!({ "groupBy": ["CUSTOMER", "PRODUCT"], "first": 500 });
    for (tool, arguments) in
        [("run_query", json!({ "query": all })), ("sales_aggregate", groups.clone())]
    {
        let (code, message) = caller.refusal(tool, arguments).await;
        assert_eq!(code, "RESULT_TOO_LARGE", "{tool}");
        assert!(message.contains("the limit is 5000: ask for fewer rows"), "{message}");
    }
    // Errors are bounded as well.
    let wrong: String = (0..20).map(|n| format!("{}{n} ", "x".repeat(250))).collect();
    let wrong = json!({ "query": format!("{{ product(productId: 1) {{ {wrong} }} }}") });
    let (code, _) = caller.refusal("run_query", wrong).await;
    assert_eq!(code, "RESULT_TOO_LARGE");
    // Of what is found in the schema as much is shown as fits.
    let found = caller.told("search_schema", json!({ "query": "order", "limit": 50 })).await;
    assert!(found.to_string().len() <= 5_000, "{}", found.to_string().len());
    assert!(found["note"].as_str().unwrap().contains("more was found"), "{found}");
    let less = json!({ "groupBy": ["CUSTOMER", "PRODUCT"], "first": 5 });
    assert_eq!(
        caller.told("sales_aggregate", less).await["rows"].as_array().map(Vec::len),
        Some(5)
    );
    caller.server.stop().await;
}

#[tokio::test]
async fn the_limits_of_a_request_are_those_of_the_api() {
    let db = data().await;
    let limits = RequestLimits {
        body_bytes: 2_000,
        execution_time: Duration::from_secs(3),
        ..RequestLimits::default()
    };
    let state = state(&db.pool, limits).with_mcp(Some(McpOptions::default()));
    let caller = serve(state).await;
    let query = format!("{{ __typename }} # {}", "x".repeat(2_000));
    let params = json!({ "name": "run_query", "arguments": { "query": query } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let answer = caller.post(&[], &body.to_string()).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE")
    );
    let costly = "{ salesOrders(first: 1000) { nodes { lines(first: 1000) { nodes { \
                  product { lines(first: 1000) { nodes { lineTotal } } } } } } } }";
    let (code, message) = caller.refusal("run_query", json!({ "query": costly })).await;
    assert_eq!(code, "QUERY_TOO_COMPLEX", "{message}");

    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let waits = json!({ "query": "{ persons { totalCount } }" });
    let (code, message) = caller.refusal("run_query", waits.clone()).await;
    assert_eq!(code, "TIMEOUT", "{message}");
    lock.rollback().await.unwrap();
    caller.told("run_query", waits).await;
    caller.server.stop().await;
}

/// The environment of a server that accepts tokens, with the loudest log of all libraries.
const LOUD: [(&str, &str); 6] = [
    ("JWT_ALGORITHM", "HS256"),
    ("JWT_SECRET", "a secret of more than thirty-two bytes"),
    ("JWT_ISSUER", "salesgraph"),
    ("JWT_AUDIENCE", "salesgraph"),
    ("METRICS_BIND", "127.0.0.1:0"),
    ("RUST_LOG", "trace,rmcp=trace"),
];

#[tokio::test]
async fn a_call_is_counted_by_its_tool_and_its_token_is_in_no_log() {
    let app = TestApp::start().await;
    fixture::insert(&app.pool).await;
    let mut token = app.command();
    token.args(["token", "--scope", "sales:read reports:read reports:write"]).envs(LOUD);
    let token = String::from_utf8(token.output().await.expect("a token").stdout).expect("UTF-8");
    let token = token.trim_end();
    let mut server = app
        .command()
        .args(["serve", "--bind", "127.0.0.1:0"])
        .envs(LOUD)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut log = BufReader::new(server.stderr.take().expect("its log")).lines();
    let mut said = Vec::new();
    let metrics = loop {
        let line = log.next_line().await.expect("a line").expect("the log goes on");
        let address =
            line.contains("metrics are at /metrics").then(|| line.rsplit_once("address="));
        let address = address.flatten().map(|(_, address)| address.trim().to_owned());
        said.push(line);
        if let Some(address) = address {
            break address;
        }
    };
    let rest = tokio::spawn(async move {
        while let Ok(Some(line)) = log.next_line().await {
            said.push(line);
        }
        said
    });
    let mut out = BufReader::new(server.stdout.take().expect("its output")).lines();
    let line = out.next_line().await.expect("a line").expect("an address");
    let api = line.rsplit_once("http://").and_then(|(_, url)| url.strip_suffix("/graphql"));
    let api = api.expect("an address").to_owned();

    let report = json!({ "project": "Confidential", "kind": "PRODUCTS" });
    for (tool, arguments) in [
        ("run_query", json!({ "query": "{ products { totalCount } }" })),
        ("no_such_tool", json!({})),
        ("request_report", report),
    ] {
        let params = json!({ "name": tool, "arguments": arguments });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let answer = post(&api, token, &body.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{tool}: {}", answer.text);
    }
    let scraped = Request::get("/metrics").header("host", "localhost").body(Full::default());
    let scraped = send(metrics.parse().expect("an address"), scraped.expect("a request")).await;
    for operation in ["mcp/run_query", "mcp/request_report", "mcp"] {
        let label = format!("operation=\"{operation}\"");
        assert!(scraped.text.contains(&label), "{operation}: {}", scraped.text);
    }
    assert!(!scraped.text.contains("no_such_tool"));
    server.kill().await.expect("it is killed");
    let said = rest.await.expect("the log").join("\n");
    let signature = token.rsplit_once('.').expect("a token").1;
    assert!(!said.contains(signature), "the token is in the log");
    let audited = said
        .lines()
        .any(|line| line.contains("salesgraph::audit") && line.contains("requestReport"));
    assert!(audited, "{said}");
}

async fn post(api: &str, token: &str, body: &str) -> Answer {
    let request = Request::post("/mcp")
        .header("host", api)
        .header("content-type", JSON)
        .header("accept", BOTH)
        .header("authorization", format!("Bearer {token}"))
        .body(Full::<Bytes>::from(body.to_owned()))
        .expect("a request");
    send(api.parse().expect("an address"), request).await
}
