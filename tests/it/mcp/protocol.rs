//! What is said at `/mcp` besides calls of tools, also by those who do not know the protocol.

use hyper::StatusCode;
use salesgraph::http::{Documents, TrustedDocuments};
use serde_json::json;

use super::{data, serve, with_tools};
use crate::support::http::state;

fn initialize(version: &str) -> String {
    let params = json!({
        "protocolVersion": version, "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }).to_string()
}

#[tokio::test]
async fn an_older_version_is_spoken_and_an_unknown_one_answered_with_a_known_one() {
    let db = data().await;
    let caller = serve(with_tools(&db)).await;
    for (asked, spoken) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let answer = caller.post(&[], &initialize(asked)).await;
        assert_eq!(answer.json()["result"]["protocolVersion"], spoken, "{}", answer.text);
        assert_eq!(answer.header("mcp-session-id"), "");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let known = caller.post(&[("mcp-protocol-version", "2025-06-18")], list).await;
    assert_eq!(known.status, StatusCode::OK);
    let unknown = caller.post(&[("mcp-protocol-version", "1999-01-01")], list).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST, "{}", unknown.text);
    // Of a session that this server never began.
    let stray = caller.post(&[("mcp-session-id", "x")], list).await;
    assert_eq!(stray.status, StatusCode::OK);
    caller.server.stop().await;
}

#[tokio::test]
async fn what_is_no_message_is_refused_by_the_codes_of_the_protocol() {
    let db = data().await;
    let caller = serve(with_tools(&db)).await;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for (body, code) in [
        ("", -32_700),
        ("{", -32_700),
        ("\u{0}", -32_700),
        ("[]", -32_600),
        (&format!("[{ping},{ping}]"), -32_600),
        ("{}", -32_600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32_600),
    ] {
        let answer = caller.post(&[], body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.text);
        assert_eq!(answer.json()["error"]["code"], code, "{body}");
    }
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"run_query","arguments":{{"variables":{}"#,
        "[".repeat(100_000)
    );
    assert_eq!(caller.post(&[], &deep).await.status, StatusCode::BAD_REQUEST);
    for (headers, status) in [
        (("content-type", "text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (("content-encoding", "gzip"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (("accept", "text/html"), StatusCode::NOT_ACCEPTABLE),
    ] {
        assert_eq!(caller.post(&[headers], ping).await.status, status, "{headers:?}");
    }
    for method in ["GET", "DELETE", "PUT"] {
        let accept = [("accept", "text/event-stream")];
        let answer = caller.server.request(method, "/mcp", &accept, "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), "POST");
    }
    let answer = caller.post(&[], r#"{"jsonrpc":"2.0","id":7,"method":"no/such"}"#).await;
    assert_eq!(
        (&answer.json()["id"], &answer.json()["error"]["code"]),
        (&json!(7), &json!(-32_601))
    );
    let notified = caller.post(&[], r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    assert_eq!(notified.await.status, StatusCode::ACCEPTED);
    assert_eq!(caller.post(&[], ping).await.json()["result"], json!({}));
    caller.server.stop().await;
}

#[tokio::test]
async fn a_call_without_sense_is_refused_with_what_there_is() {
    let db = data().await;
    let caller = serve(with_tools(&db)).await;
    let params = json!({ "name": "x".repeat(5_000), "arguments": {} });
    let unknown = caller.request("tools/call", params).await;
    assert_eq!(unknown["error"]["code"], -32_602, "{unknown}");
    let message = unknown["error"]["message"].as_str().unwrap();
    assert!(message.contains("run_query") && message.len() < 400, "{message}");
    for params in [json!({}), json!({ "name": 1 }), json!({ "name": "run_query", "arguments": [] })]
    {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let answer = caller.post(&[], &body.to_string()).await;
        assert_eq!(answer.json()["error"]["code"], -32_602, "{params}: {}", answer.text);
    }
    caller.server.stop().await;
}

#[tokio::test]
async fn where_the_tools_are_off_there_is_nothing() {
    let db = data().await;
    let trusted = Documents::new(0, TrustedDocuments::default(), true);
    for state in [
        state(&db.pool, Default::default()),
        // They ask for what they like, which is no trusted document.
        with_tools(&db).with_documents(trusted),
    ] {
        let caller = serve(state).await;
        let answer = caller.post(&[], r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        caller.server.stop().await;
    }
}
