//! What `request_report` answers, until its file is there.

use std::time::Duration;

use salesgraph::http::McpOptions;
use serde_json::json;

use super::{Tokens, scope, serve};
use crate::support::reports::{TestReports, download};
use crate::support::{TestApp, fixture};

const MAKES_REPORTS: &str = "sales:read reports:read reports:write";

#[tokio::test]
async fn a_report_is_asked_for_followed_and_downloaded() {
    let app = TestApp::start().await;
    fixture::insert(&app.pool).await;
    let mut reports = TestReports::without_worker(app, Duration::from_secs(900)).await;
    let tokens = Tokens::new().await;
    let state = reports.state().with_access(tokens.access.clone());
    let mut caller = serve(state.with_mcp(Some(McpOptions::default()))).await;
    caller.token = Some(tokens.of(MAKES_REPORTS, Some(&[1])));
    let lines = json!({ "project": "assistant", "kind": "SALES_LINES",
                        "columns": ["salesOrderId", "lineTotal"],
                        "filter": { "productId": { "lte": 3 } } });
    let asked = caller.told("request_report", lines.clone()).await;
    assert_eq!(asked["report"]["state"], "QUEUED", "{asked}");
    assert!(asked["next"].as_str().unwrap().contains("request_report with the id"), "{asked}");
    let id = asked["report"]["id"].clone();
    let again = caller.told("request_report", lines).await;
    assert_eq!((&again["report"]["id"], &again["reused"]), (&id, &json!(true)));
    assert!(again["nextAllowedAt"].is_string(), "{again}");

    reports.start_worker();
    reports.ended(&scope(MAKES_REPORTS, Some(&[1])), &id).await;
    let made = caller.told("request_report", json!({ "id": id })).await;
    assert_eq!(made["report"]["state"], "SUCCEEDED", "{made}");
    assert!(made["next"].as_str().unwrap().contains("downloadUrl"), "{made}");
    let (status, file) = download(made["report"]["downloadUrl"].as_str().unwrap()).await;
    assert_eq!(status, 200);
    let file = String::from_utf8(file.to_vec()).unwrap();
    let filter = "filter: { productId: { lte: 3 } }";
    let own = caller.graphql(&format!("{{ salesOrderLines({filter}) {{ totalCount }} }}")).await;
    let count = own["data"]["salesOrderLines"]["totalCount"].as_u64().unwrap();
    assert_eq!(file.lines().count() as u64, count + 1, "its territory's lines, and a header");

    // Of another organisation it is not there, and what is no report is none.
    let other = salesgraph::auth::Scope::new(
        Some("other".to_owned()),
        scope(MAKES_REPORTS, None).grants(),
        None,
    );
    caller.token = Some(tokens.signer.sign("other", &other, super::HOUR).unwrap());
    let product = caller.graphql("{ product(productId: 1) { id } }").await;
    let product = product["data"]["product"]["id"].clone();
    for wrong in [id, product, json!("x"), json!("")] {
        let (code, message) = caller.refusal("request_report", json!({ "id": wrong })).await;
        assert!(["NOT_FOUND", "BAD_USER_INPUT"].contains(&code.as_str()), "{wrong}: {message}");
    }
    reports.stop_worker().await;
    caller.server.stop().await;
}

#[tokio::test]
async fn a_wrong_request_makes_no_report_and_says_what_is_wrong() {
    let app = TestApp::start().await;
    fixture::insert(&app.pool).await;
    let reports = TestReports::without_worker(app, Duration::from_secs(900)).await;
    let tokens = Tokens::new().await;
    let state = reports.state().with_access(tokens.access.clone());
    let mut caller = serve(state.with_mcp(Some(McpOptions::default()))).await;
    caller.token = Some(tokens.of(MAKES_REPORTS, None));
    for (arguments, part) in [
        (json!({}), "project"),
        (json!({ "kind": "PRODUCTS" }), "project"),
        (json!({ "project": "x", "kind": "PROFITS" }), "kind"),
        (
            json!({ "project": "x", "kind": "PRODUCTS", "sql": "x" }),
            "sql: there is no such argument",
        ),
        (json!({ "project": "x", "query": "mutation { x }" }), "x"),
        (json!({ "project": "x", "query": "{ loadRejects { nodes { line } } }" }), "loads:read"),
        (json!({ "id": "x", "project": "x" }), "id: is of a report that is there"),
    ] {
        let (_, message) = caller.refusal("request_report", arguments.clone()).await;
        assert!(message.contains(part), "{arguments}: {message}");
    }
    let count: i64 = reports.app.value("SELECT count(*) FROM report").await;
    assert_eq!(count, 0);
    // With the rights of a reader alone.
    caller.token = Some(tokens.of("sales:read reports:read", None));
    let asked = json!({ "project": "x", "kind": "PRODUCTS" });
    let (code, _) = caller.refusal("request_report", asked).await;
    assert_eq!(code, "FORBIDDEN");
    caller.server.stop().await;
}
