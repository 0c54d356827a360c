//! Access to the API: allowed hosts, content negotiation, failures and timeouts as
//! clients see them.

use std::time::Duration;

use hyper::StatusCode;
use salesgraph::db::pool::{self, Settings};
use salesgraph::http::RequestLimits;
use serde_json::json;
use sqlx::Executor as _;

use crate::support::http::TestServer;
use crate::support::{database, fixture};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";

#[tokio::test]
async fn only_loopback_hosts_are_answered() {
    let db = database().await;
    let server = TestServer::start(&db, RequestLimits::default()).await;
    for path in ["/graphql?query=%7B__typename%7D", "/schema.graphql", "/health/live", "/"] {
        for (host, refused) in [
            ("localhost:8000", false),
            ("127.0.0.1:8000", false),
            ("[::1]", false),
            ("attacker.example:8000", true),
            ("127.0.0.1.attacker.example", true),
        ] {
            let answer = server.request_as(host, "GET", path, &[], "").await;
            assert_eq!(answer.status == StatusCode::FORBIDDEN, refused, "{host} {path}");
            if refused {
                assert!(answer.text.contains("localhost"), "{}", answer.text);
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn one_address_serves_pages_to_browsers_and_data_to_programs() {
    let db = database().await;
    let server = TestServer::start(&db, RequestLimits::default()).await;
    let path = "/graphql?query=%7B__typename%7D";
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = server.request("GET", path, &[("accept", browser)], "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("vary"), "accept");
    assert!(page.text.contains("<html"), "{}", page.text);
    for accept in [JSON, RESPONSE, "*/*"] {
        let data = server.request("GET", path, &[("accept", accept)], "").await;
        assert_eq!(data.result(), json!({ "data": { "__typename": "Query" } }));
    }
    server.stop().await;
}

#[tokio::test]
async fn parameters_mean_the_same_in_get_and_post() {
    let db = database().await;
    let server = TestServer::start(&db, RequestLimits::default()).await;
    let data = json!({ "data": { "__typename": "Query" } });
    let body = json!({ "query": "{ __typename }", "operationName": "", "extensions": {} });
    assert_eq!(server.post(JSON, &body.to_string()).await.result(), data);
    let path = "/graphql?query=%7B__typename%7D&operationName=&extensions=%7B%7D";
    assert_eq!(server.get(path).await.result(), data);

    let body = json!({ "query": "{ __typename }", "extensions": [] }).to_string();
    assert_eq!(server.post(JSON, &body).await.status, StatusCode::BAD_REQUEST);
    let answer = server.get("/graphql?query=%7B__typename%7D&extensions=1").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);

    let parse_failed = "GRAPHQL_PARSE_FAILED".to_owned();
    assert_eq!(server.get("/graphql?query=%7B").await.code(), parse_failed);
    let headers = [("accept", RESPONSE)];
    let answer = server.request("GET", "/graphql?query=%7B", &headers, "").await;
    assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, parse_failed));

    // The JSON parser limits the depth of variables.
    let deep = format!(r#"{{"query":"{{a}}","variables":{{"a":{}"#, "[".repeat(100_000));
    assert_eq!(server.post(JSON, &deep).await.status, StatusCode::BAD_REQUEST);
    server.stop().await;
}

#[tokio::test]
async fn documents_that_cannot_be_executed_have_no_data() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let server = TestServer::start(&db, RequestLimits::default()).await;
    for query in [
        "query($n: Int!) { products(first: 1) { nodes { lines(first: $n) { totalCount } } } }",
        "{ products(first: 1) { nodes { a: productId ... on Product { a: name } } } }",
        "mutation { x }",
    ] {
        let answer = server.post(RESPONSE, &json!({ "query": query }).to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(answer.json().get("data"), None);
    }
    server.stop().await;
}

#[tokio::test]
async fn an_internal_error_names_the_request_and_nothing_else() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    db.pool.execute("ALTER TABLE person RENAME first_name TO hidden").await.unwrap();
    let server = TestServer::start(&db, RequestLimits::default()).await;
    let body = r#"{"query":"{ person(businessEntityId: 1) { firstName } }"}"#;
    let headers = [("content-type", JSON), ("x-request-id", "mine")];
    let answer = server.request("POST", "/graphql", &headers, body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected = json!({
        "data": { "person": null },
        "errors": [{
            "message": "internal error",
            "locations": [{ "line": 1, "column": 3 }],
            "path": ["person"],
            "extensions": { "code": "INTERNAL", "requestId": "mine" },
        }],
    });
    assert_eq!(answer.result(), expected);
    server.stop().await;
}

#[tokio::test]
async fn a_statement_times_out_before_its_request() {
    let mut db = database().await;
    fixture::insert(&db.pool).await;
    let timeout = Duration::from_millis(300);
    let settings = Settings { statement_timeout: Some(timeout), ..Settings::new(&db.url) };
    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    db.pool = pool::connect(&settings).await.unwrap();
    let query = r#"{"query":"{ persons { totalCount } }"}"#;

    let server = TestServer::start(&db, RequestLimits::default()).await;
    let answer = server.post(JSON, query).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::OK, "TIMEOUT"));
    lock.rollback().await.unwrap();
    server.stop().await;
}
