//! The subgraph over HTTP: the switch, cached answers, documents that are named.

use std::process::Stdio;
use std::time::Duration;

use hyper::StatusCode;
use salesgraph::auth::{Access, Grants, RefreshTimes, Scope, TokenSigner};
use salesgraph::db::data_version::DataVersions;
use salesgraph::graphql::{Limits, subgraph_sdl};
use salesgraph::http::{AppState, Documents, RequestLimits, TrustedDocuments};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

use super::product;
use crate::support::http::{CACHE_BYTES, TestServer, post_to, state};
use crate::support::statements::during;
use crate::support::{TestApp, database, fixture, write};

const JSON: &str = "application/json";
const ENTITIES: &str = "query($representations:[_Any!]!){_entities(representations:$representations)\
                        {...on Product{name}}}";
const LIMIT: Duration = Duration::from_secs(60);

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// A GET that names its document by its hash, as a router with persisted queries asks.
fn get_path(document: &str, variables: &Value) -> String {
    let hash: String = Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect();
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } }).to_string();
    format!(
        "/graphql?query={}&variables={}&extensions={}",
        percent(document),
        percent(&variables.to_string()),
        percent(&extensions)
    )
}

#[tokio::test]
async fn entities_are_cached_and_tagged_until_the_data_change() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let served = state(&db.pool, RequestLimits::default()).with_cache(CACHE_BYTES).as_subgraph();
    let server = TestServer::serve(served).await;
    let body = |number| json!({ "query": ENTITIES, "variables": { "representations": [product(number)] } });
    let first = server.post(JSON, &body(1).to_string()).await;
    assert_eq!(first.json()["data"], json!({ "_entities": [{ "name": "Product 1" }] }));
    let text = body(1).to_string();
    let (again, seen) = during(server.post(JSON, &text)).await;
    assert_eq!(again.text, first.text);
    assert!(!seen.iter().any(|text| text.contains("FROM product")), "{seen:?}");
    let other = server.post(JSON, &body(2).to_string()).await;
    assert_eq!(other.json()["data"], json!({ "_entities": [{ "name": "Product 2" }] }));

    let path = get_path(ENTITIES, &json!({ "representations": [product(1)] }));
    let first = server.request("GET", &path, &[("accept", JSON)], "").await;
    assert_eq!(first.json()["data"], json!({ "_entities": [{ "name": "Product 1" }] }));
    let tag = first.header("etag").to_owned();
    let held = [("accept", JSON), ("if-none-match", &*tag)];
    let answer = server.request("GET", &path, &held, "").await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{}", answer.text);
    write(&db.pool, "UPDATE product SET name = 'Changed' WHERE product_id = 1").await;
    let answer = server.request("GET", &path, &held, "").await;
    assert_eq!(answer.json()["data"], json!({ "_entities": [{ "name": "Changed" }] }));
    server.stop().await;
}

/// The second caller finds the answer of the first one in the cache, and must not get it.
#[tokio::test]
async fn callers_of_other_territories_never_share_entities() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let signer = TokenSigner::ephemeral().unwrap();
    let issuers = std::slice::from_ref(signer.issuer());
    let access = Access::control(issuers, None, RefreshTimes::default()).await.unwrap();
    let state = state(&db.pool, RequestLimits::default()).with_access(access);
    let server = TestServer::serve(state.with_cache(CACHE_BYTES).as_subgraph()).await;
    let token = |territories: Vec<i32>| {
        let grants = Grants::known_in("sales:read");
        let scope = Scope::new(Some("acme".to_owned()), grants, Some(territories));
        format!("Bearer {}", signer.sign("a router", &scope, LIMIT).unwrap())
    };
    let document = "query($representations:[_Any!]!){_entities(representations:$representations)\
                    {...on SalesOrder{salesOrderId}}}";
    let order = json!({ "__typename": "SalesOrder", "salesOrderId": 1001 });
    let path = get_path(document, &json!({ "representations": [order] }));
    let get = async |token: &str, held: &str| {
        let headers = [("accept", JSON), ("authorization", token), ("if-none-match", held)];
        let headers = if held.is_empty() { &headers[..2] } else { &headers };
        server.request("GET", &path, headers, "").await
    };

    // The order is of territory 2.
    let (one, other) = (token(vec![2]), token(vec![1]));
    let shown = json!({ "_entities": [{ "salesOrderId": 1001 }] });
    let first = get(&one, "").await;
    assert_eq!(first.json()["data"], shown, "{}", first.text);
    let (again, seen) = during(get(&one, "")).await;
    assert_eq!(again.json()["data"], shown);
    assert!(!seen.iter().any(|text| text.contains("FROM sales_order")), "not cached: {seen:?}");
    let hidden = json!({ "_entities": [null] });
    let second = get(&other, "").await;
    assert_eq!(second.json()["data"], hidden, "{}", second.text);
    let tags = [first.header("etag"), second.header("etag")];
    assert!(!tags[0].is_empty() && tags[0] != tags[1], "{tags:?}");
    for (token, tag, expected) in [(&one, tags[1], shown), (&other, tags[0], hidden)] {
        let answer = get(token, tag).await;
        assert_eq!(answer.status, StatusCode::OK, "with the tag of the other");
        assert_eq!(answer.json()["data"], expected);
    }
    assert_eq!(get(&one, tags[0]).await.status, StatusCode::NOT_MODIFIED);
    server.stop().await;
}

/// What introspection answers differs, and so must its tag.
#[tokio::test]
async fn a_subgraph_has_other_tags_than_the_api() {
    let db = database().await;
    let path = get_path("{__type(name:\"_Any\"){name}}", &json!({}));
    let mut tags = Vec::new();
    for is_subgraph in [false, true] {
        let state = state(&db.pool, RequestLimits::default());
        let server = TestServer::serve(if is_subgraph { state.as_subgraph() } else { state }).await;
        let answer = server.request("GET", &path, &[("accept", JSON)], "").await;
        let expected = if is_subgraph { json!({ "name": "_Any" }) } else { Value::Null };
        assert_eq!(answer.json()["data"]["__type"], expected, "{}", answer.text);
        tags.push(answer.header("etag").to_owned());
        server.stop().await;
    }
    assert!(!tags[0].is_empty() && tags[0] != tags[1], "{tags:?}");
}

#[tokio::test]
async fn trusted_documents_and_a_hidden_schema_hold_for_a_subgraph() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.json");
    std::fs::write(&path, json!({ "entities": ENTITIES }).to_string()).unwrap();
    let documents = Documents::new(0, TrustedDocuments::read(&path).unwrap(), true);
    let versions = DataVersions::start(&db.pool, db.pool.connect_options().as_ref().clone());
    let limits = Limits { introspection: false, ..Limits::default() };
    let state = AppState::new(db.pool.clone(), versions, limits, RequestLimits::default());
    let server = TestServer::serve(state.as_subgraph().with_documents(documents)).await;
    let variables = json!({ "representations": [product(1)] });
    let body = json!({ "documentId": "entities", "variables": variables });
    let answer = server.post(JSON, &body.to_string()).await;
    assert_eq!(answer.json()["data"], json!({ "_entities": [{ "name": "Product 1" }] }));
    let other = ENTITIES.replace("name", "productId");
    let body = json!({ "query": other, "variables": variables });
    let answer = server.post(JSON, &body.to_string()).await;
    assert_eq!(answer.code(), "FORBIDDEN", "{}", answer.text);
    assert_eq!(answer.json().get("data"), None);
    server.stop().await;

    // `_service` tells the schema as introspection does.
    let versions = DataVersions::start(&db.pool, db.pool.connect_options().as_ref().clone());
    let state = AppState::new(db.pool.clone(), versions, limits, RequestLimits::default());
    let server = TestServer::serve(state.as_subgraph()).await;
    let answer = server.post(JSON, r#"{"query":"{ a: _service { sdl } }"}"#).await;
    let message = "introspection is off on this server: _service is not answered";
    assert!(answer.text.contains(message), "{}", answer.text);
    assert!(!answer.text.contains("type Query"));
    let answer = server.post(JSON, &body.to_string()).await;
    assert_eq!(answer.json()["data"], json!({ "_entities": [{ "productId": 1 }] }));
    server.stop().await;
}

/// By the flag and by the variable; without them the program serves no subgraph.
#[tokio::test]
async fn the_program_is_a_subgraph_where_it_is_told_to_be() {
    let app = TestApp::start().await;
    for (flag, variable, is_on) in [
        ("--federation", "false", true),
        ("--no-cache", "true", true),
        ("--no-cache", "false", false),
    ] {
        let mut child = app
            .command()
            .args(["serve", "--insecure-no-auth", "--bind", "127.0.0.1:0", flag])
            .env("GRAPHQL_FEDERATION", variable)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        timeout(LIMIT, out.read_line(&mut line)).await.expect("in time").expect("its output");
        let (_, url) = line.trim_end().split_once(": ").unwrap_or_else(|| panic!("no URL: {line}"));
        let url = url.trim_end_matches("/graphql");
        let answer = post_to(url, "{ _service { sdl } }").await;
        let expected = if is_on { json!(subgraph_sdl()) } else { Value::Null };
        assert!(answer["data"]["_service"]["sdl"] == expected, "{flag} {variable}");
        if !is_on {
            assert_eq!(answer["errors"][0]["message"], "Query has no field _service");
        }
    }
}
