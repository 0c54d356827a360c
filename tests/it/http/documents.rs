//! Persisted and trusted documents, which requests name instead of sending them.

use hyper::StatusCode;
use salesgraph::http::{Documents, TrustedDocuments, pages};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::http::{Answer, TestServer, state};
use crate::support::{TestDb, database};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";
const DOCUMENT: &str = "query Named { __typename }";

async fn start(documents: Documents) -> (TestDb, TestServer) {
    let db = database().await;
    let state = state(&db.pool, Default::default());
    let server = TestServer::serve(state.with_documents(documents)).await;
    (db, server)
}

fn hash(document: &str) -> String {
    Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn persisted(version: u8, hash: &str) -> Value {
    json!({ "persistedQuery": { "version": version, "sha256Hash": hash } })
}

fn data() -> Value {
    json!({ "data": { "__typename": "Query" } })
}

/// Sends parameters by GET.
async fn get(server: &TestServer, accept: &str, parameters: &[(&str, &str)]) -> Answer {
    let encode = |text: &str| -> String { text.bytes().map(|b| format!("%{b:02x}")).collect() };
    let pairs: Vec<_> =
        parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let path = format!("/graphql?{}", pairs.join("&"));
    server.request("GET", &path, &[("accept", accept)], "").await
}

async fn post(server: &TestServer, body: Value) -> Answer {
    server.post(JSON, &body.to_string()).await
}

#[tokio::test]
async fn a_document_sent_with_its_hash_is_found_by_it() {
    let (_db, server) = start(Documents::default()).await;
    let extensions = persisted(1, &hash(DOCUMENT));
    // Like Apollo's clients: by hash, then with the document, then by hash.
    let unknown = post(&server, json!({ "extensions": extensions })).await;
    assert_eq!(unknown.status, StatusCode::OK);
    assert_eq!(unknown.header("cache-control"), "no-store");
    let error = json!({
        "message": "PersistedQueryNotFound",
        "extensions": { "code": "PERSISTED_QUERY_NOT_FOUND" },
    });
    assert_eq!(unknown.json(), json!({ "errors": [error] }));
    let known = post(&server, json!({ "query": DOCUMENT, "extensions": extensions })).await;
    assert_eq!(known.result(), data());
    assert_eq!(post(&server, json!({ "extensions": extensions })).await.result(), data());

    // By GET, and by `documentId`.
    let text = extensions.to_string();
    let answer = get(&server, JSON, &[("extensions", &text)]).await;
    assert_eq!(answer.result(), data());
    let caching = (answer.header("cache-control"), answer.header("vary"));
    assert_eq!(caching, ("private, no-cache", "accept, authorization"));
    let answer = get(&server, JSON, &[("query", DOCUMENT)]).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let id = format!("sha256:{}", hash(DOCUMENT));
    assert_eq!(get(&server, JSON, &[("documentId", &id)]).await.result(), data());
    let named = json!({ "documentId": id, "operationName": "Named" });
    assert_eq!(post(&server, named).await.result(), data());

    let other = "{ a: __typename }";
    let extensions = persisted(1, &hash(other)).to_string();
    let unknown = get(&server, RESPONSE, &[("extensions", &extensions)]).await;
    let found = (unknown.status, unknown.code());
    assert_eq!(found, (StatusCode::NOT_FOUND, "PERSISTED_QUERY_NOT_FOUND".to_owned()));
    get(&server, JSON, &[("query", other), ("extensions", &extensions)]).await;
    let known = get(&server, RESPONSE, &[("extensions", &extensions)]).await;
    assert_eq!(known.result(), json!({ "data": { "a": "Query" } }));
    server.stop().await;
}

#[tokio::test]
async fn invalid_document_names_are_refused() {
    let (_db, server) = start(Documents::default()).await;
    let right = hash(DOCUMENT);
    let upper = format!("sha256:{}", right.to_uppercase());
    for (body, part) in [
        (json!({ "query": "{ other }", "extensions": persisted(1, &right) }), "sha256Hash"),
        (json!({ "query": "{ other }", "documentId": format!("sha256:{right}") }), "documentId"),
        (json!({ "query": DOCUMENT, "documentId": "abc" }), "documentId"),
        (json!({ "query": DOCUMENT, "extensions": persisted(2, &right) }), "version"),
        (json!({ "extensions": { "persistedQuery": {} } }), "version"),
        (json!({ "extensions": { "persistedQuery": { "version": 1 } } }), "sha256Hash"),
        (json!({ "documentId": "sha256:abc" }), "64 hexadecimal"),
        (json!({ "documentId": upper }), "lower case"),
        (json!({ "documentId": "md5:abc" }), "prefixes"),
        (json!({ "documentId": "abc", "extensions": persisted(1, &right) }), "not both"),
        (json!({ "extensions": {} }), "documentId"),
    ] {
        let answer = post(&server, body.clone()).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{body}: {}", answer.text);
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer.text.contains(part), "{body}: {}", answer.text);
    }
    // None of them was stored.
    let answer = post(&server, json!({ "extensions": persisted(1, &right) })).await;
    assert_eq!(answer.code(), "PERSISTED_QUERY_NOT_FOUND");
    for id in ["abc", "x-app:abc"] {
        let answer = post(&server, json!({ "documentId": id })).await;
        assert_eq!(answer.code(), "PERSISTED_QUERY_NOT_FOUND");
    }
    server.stop().await;
}

#[tokio::test]
async fn clients_learn_that_persisted_queries_are_not_supported() {
    let (_db, server) = start(Documents::new(0, TrustedDocuments::default(), false)).await;
    let extensions = persisted(1, &hash(DOCUMENT));
    let known = post(&server, json!({ "query": DOCUMENT, "extensions": extensions })).await;
    assert_eq!(known.result(), data());
    let answer = post(&server, json!({ "extensions": extensions })).await;
    assert_eq!(answer.code(), "PERSISTED_QUERY_NOT_SUPPORTED");
    assert!(answer.text.contains("PersistedQueryNotSupported"), "{}", answer.text);
    server.stop().await;
}

/// Trusts `DOCUMENT` as `abc` and another one as `x-app:1`.
fn trusted() -> TrustedDocuments {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.json");
    let manifest = json!({ "abc": DOCUMENT, "x-app:1": "mutation { x }" });
    std::fs::write(&path, manifest.to_string()).unwrap();
    TrustedDocuments::read(&path).unwrap()
}

#[tokio::test]
async fn trusted_documents_are_found_by_id_and_hash() {
    let (_db, server) = start(Documents::new(1 << 20, trusted(), false)).await;
    let right = hash(DOCUMENT);
    for body in [
        json!({ "documentId": "abc" }),
        json!({ "documentId": format!("sha256:{right}") }),
        json!({ "documentId": "abc", "query": DOCUMENT }),
        json!({ "extensions": persisted(1, &right) }),
        // Apollo's clients send a manifest's ids as hashes.
        json!({ "extensions": persisted(1, "abc") }),
        json!({ "query": "{ __typename }" }),
    ] {
        assert_eq!(post(&server, body.clone()).await.result(), data(), "{body}");
    }
    assert_eq!(get(&server, JSON, &[("documentId", "abc")]).await.result(), data());
    let answer = get(&server, JSON, &[("documentId", "x-app:1")]).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let answer = post(&server, json!({ "documentId": "abc", "query": "{ __typename }" })).await;
    assert_eq!(answer.code(), "BAD_USER_INPUT");
    server.stop().await;
}

#[tokio::test]
async fn an_allow_list_refuses_everything_else() {
    let (_db, server) = start(Documents::new(1 << 20, trusted(), true)).await;
    for body in [
        json!({ "documentId": "abc" }),
        json!({ "query": DOCUMENT }),
        json!({ "query": DOCUMENT, "extensions": persisted(1, &hash(DOCUMENT)) }),
    ] {
        assert_eq!(post(&server, body.clone()).await.result(), data(), "{body}");
    }
    let other = "{ __typename }";
    for body in [
        json!({ "query": other }),
        json!({ "query": other, "extensions": persisted(1, &hash(other)) }),
        json!({ "extensions": persisted(1, &hash(other)) }),
        json!({ "documentId": "abcd" }),
        json!({ "query": "{ __schema { types { name } } }" }),
    ] {
        let answer = server.post(RESPONSE, &body.to_string()).await;
        let found = (answer.status, answer.code());
        assert_eq!(found, (StatusCode::FORBIDDEN, "FORBIDDEN".to_owned()), "{body}");
        assert!(answer.text.contains("http.trusted_documents"), "{}", answer.text);
    }
    let browser = [("accept", "text/html")];
    let page = server.request("GET", "/graphql", &browser, "").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("trusted documents only"), "{}", page.text);
    if pages::are_built() {
        let dashboard = server.request("GET", "/", &browser, "").await;
        assert_eq!(dashboard.status, StatusCode::FORBIDDEN);
        assert!(dashboard.text.starts_with("The dashboard is off"), "{}", dashboard.text);
        let docs = server.request("GET", "/docs", &browser, "").await;
        assert_eq!(docs.status, StatusCode::OK, "{}", docs.text);
    }
    server.stop().await;
}
