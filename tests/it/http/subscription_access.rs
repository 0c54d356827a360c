//! Access to subscriptions: origins, transports and documents.

use std::fs;

use hyper::StatusCode;
use salesgraph::config::CorsOrigins;
use salesgraph::http::{Documents, RequestLimits, TrustedDocuments};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio_tungstenite::tungstenite::Error;

use crate::support::database;
use crate::support::http::{TestServer, state};
use crate::support::socket::Socket;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const RUN: &str = "00000000-0000-0000-0000-000000000000";

/// A subscription that ends at once, because the run does not exist.
fn follow(alias: &str) -> String {
    format!("subscription {{ {alias}: loadRun(id: \"{RUN}\") {{ state }} }}")
}

#[tokio::test]
async fn a_socket_requires_an_allowed_origin_and_the_protocol() {
    let db = database().await;
    let origins = CorsOrigins::These(vec!["https://app.example".to_owned()]);
    let state = state(&db.pool, RequestLimits::default());
    let server = TestServer::serve(state.with_cors_origins(origins)).await;
    let own = format!("http://localhost:{}", server.address.port());
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    for (headers, status) in [
        (vec![protocol], None),
        (vec![protocol, ("origin", own.as_str())], None),
        (vec![protocol, ("origin", "https://app.example")], None),
        (vec![protocol, ("origin", "http://app.example")], Some(StatusCode::FORBIDDEN)),
        (vec![protocol, ("origin", "http://attacker.example")], Some(StatusCode::FORBIDDEN)),
        (vec![protocol, ("origin", "http://localhost:1")], Some(StatusCode::FORBIDDEN)),
        (vec![protocol, ("host", "attacker.example")], Some(StatusCode::FORBIDDEN)),
        (vec![("sec-websocket-protocol", "graphql-ws")], Some(StatusCode::BAD_REQUEST)),
        (vec![], Some(StatusCode::BAD_REQUEST)),
    ] {
        let refused = match Socket::handshake(&server, &headers).await {
            Ok(_) => None,
            Err(Error::Http(response)) => Some(response.status()),
            Err(other) => panic!("{headers:?}: {other}"),
        };
        assert_eq!(refused, status, "{headers:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_subscription_is_streamed_or_refused() {
    let db = database().await;
    let state = state(&db.pool, RequestLimits::default()).with_batch_max(2);
    let server = TestServer::serve(state).await;
    let body = json!({ "query": follow("run") }).to_string();
    let path = format!("/graphql?query={}", encoded(&follow("run")));
    for answer in [
        server.post(JSON, &body).await,
        server.post("application/graphql-response+json", &body).await,
        server.request("GET", &path, &[("accept", JSON)], "").await,
    ] {
        assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE, "{}", answer.text);
        assert!(answer.text.contains("text/event-stream"), "{}", answer.text);
        assert_eq!(answer.json().get("data"), None);
    }
    // An answer in an array cannot be a stream.
    let array = format!("[{body}, {{\"query\":\"{{ __typename }}\"}}]");
    let answer = server.post("application/json, text/event-stream", &array).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answers = answer.json();
    assert_eq!(answers[0].get("data"), None, "{answers}");
    assert_eq!(answers[1]["data"], json!({ "__typename": "Query" }));
    assert_eq!(server.post(EVENTS, &array).await.status, StatusCode::NOT_ACCEPTABLE);

    let answer = server.post(EVENTS, &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("NOT_FOUND"), "{}", answer.text);
    server.stop().await;
}

#[tokio::test]
async fn an_allow_list_applies_to_subscriptions() {
    let db = database().await;
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("documents.json");
    fs::write(&manifest, json!({ "run": follow("run") }).to_string()).unwrap();
    let documents = Documents::new(0, TrustedDocuments::read(&manifest).unwrap(), true);
    let state = state(&db.pool, RequestLimits::default()).with_documents(documents);
    let server = TestServer::serve(state).await;
    let mut socket = Socket::begin(&server).await;
    for (parameters, code) in [
        (json!({ "documentId": "run" }), "NOT_FOUND"),
        (json!({ "query": follow("run") }), "NOT_FOUND"),
        (json!({ "query": follow("other") }), "FORBIDDEN"),
        (json!({ "query": "{ __typename }" }), "FORBIDDEN"),
        (json!({ "documentId": "other" }), "FORBIDDEN"),
        (json!({}), "BAD_USER_INPUT"),
    ] {
        socket.ask("1", parameters.clone()).await;
        let message = socket.receive().await;
        let errors =
            if code == "NOT_FOUND" { &message["payload"]["errors"] } else { &message["payload"] };
        assert_eq!(errors[0]["extensions"]["code"], code, "{parameters}: {message}");
        if code == "NOT_FOUND" {
            assert_eq!(socket.receive().await, json!({ "type": "complete", "id": "1" }));
        }
        let answer = server.post(EVENTS, &parameters.to_string()).await;
        assert!(answer.text.contains(&format!("\"{code}\"")), "{parameters}: {}", answer.text);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_document_sent_with_its_hash_over_a_socket_is_found_by_it() {
    let db = database().await;
    let server = TestServer::start(&db, RequestLimits::default()).await;
    let mut socket = Socket::begin(&server).await;
    let digest = Sha256::digest(follow("run"));
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let persisted = json!({ "version": 1, "sha256Hash": hash });
    let extensions = json!({ "persistedQuery": persisted });
    socket.ask("1", json!({ "extensions": extensions })).await;
    let message = socket.receive().await;
    assert_eq!(message["payload"][0]["message"], "PersistedQueryNotFound", "{message}");
    let sent = json!({ "query": follow("run"), "extensions": extensions });
    for parameters in [sent, json!({ "extensions": extensions })] {
        socket.ask("1", parameters).await;
        assert_eq!(socket.receive().await["payload"]["data"], json!({ "run": null }));
        assert_eq!(socket.receive().await["type"], "complete");
    }
    server.stop().await;
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}
