//! Limits over time: requests by address and by token, and the cost of operations.

use std::sync::Arc;

use hyper::StatusCode;
use salesgraph::auth::{Access, Principal};
use salesgraph::config::RateConfig;
use salesgraph::http::{AppState, RateLimits, RequestLimits};
use serde_json::json;

use crate::support::http::{Answer, CACHE_BYTES, TestServer, state};
use crate::support::socket::Socket;
use crate::support::{TestDb, database, fixture};

const JSON: &str = "application/json";
const TYPENAME: &str = r#"{"query":"{ __typename }"}"#;
const NAMES: &str = r#"{"query":"{ persons(first: 5) { nodes { firstName } } }"}"#;

async fn data() -> TestDb {
    let db = database().await;
    fixture::insert(&db.pool).await;
    db
}

/// A state whose callers all have one credential.
fn with_token(db: &TestDb, rates: RateConfig) -> AppState {
    let principal = Principal { credential: 7, ..Principal::operator() };
    state(&db.pool, RequestLimits::default())
        .with_access(Access::Open(Arc::new(principal)))
        .with_rate_limits(RateLimits::new(rates, 0))
        .with_batch_max(5)
}

fn assert_limited(answer: &Answer, seconds: u64) {
    let found = (answer.status, answer.code());
    assert_eq!(found, (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED".to_owned()));
    let wait: u64 = answer.header("retry-after").parse().expect("whole seconds");
    assert!(wait > 0 && wait <= seconds, "{wait}");
    assert_eq!(answer.json().get("data"), None);
}

#[tokio::test]
async fn an_address_has_a_quota_and_learns_what_is_left() {
    let db = data().await;
    let rates = RateConfig { per_address: 2, ..RateConfig::default() };
    let state = state(&db.pool, RequestLimits::default());
    let server = TestServer::serve(state.with_rate_limits(RateLimits::new(rates, 0))).await;
    for left in ["\"address\";r=1;t=30", "\"address\";r=0;t=60"] {
        // What a client invents does not make it another one.
        let headers = [("x-forwarded-for", left)];
        let answer = server.request("GET", "/schema.graphql", &headers, "").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("ratelimit-policy"), "\"address\";q=2;w=60");
        assert_eq!(answer.header("ratelimit"), left);
    }
    for invented in ["198.51.100.1", "203.0.113.9, 198.51.100.2"] {
        let headers = [("content-type", JSON), ("x-forwarded-for", invented)];
        let answer = server.request("POST", "/graphql", &headers, TYPENAME).await;
        assert_limited(&answer, 30);
        assert_eq!(answer.header("ratelimit"), "\"address\";r=0;t=60");
    }
    for _ in 0..5 {
        let health = server.get("/health/live").await;
        assert_eq!((health.status, health.header("ratelimit")), (StatusCode::OK, ""));
    }
    server.stop().await;
}

#[tokio::test]
async fn behind_a_proxy_its_entry_counts_and_not_the_invented_ones() {
    let db = data().await;
    let rates = RateConfig { per_address: 1, ..RateConfig::default() };
    let state = state(&db.pool, RequestLimits::default());
    let server = TestServer::serve(state.with_rate_limits(RateLimits::new(rates, 1))).await;
    let status = async |forwarded: &str| {
        let headers = [("x-forwarded-for", forwarded)];
        server.request("GET", "/schema.graphql", &headers, "").await.status
    };
    assert_eq!(status("198.51.100.7").await, StatusCode::OK);
    for same in ["203.0.113.1, 198.51.100.7", "203.0.113.2,198.51.100.7", "x, 198.51.100.7:80"] {
        assert_eq!(status(same).await, StatusCode::TOO_MANY_REQUESTS, "{same}");
    }
    assert_eq!(status("198.51.100.7, 198.51.100.8").await, StatusCode::OK);
    assert_eq!(status("2001:db8::1").await, StatusCode::OK);
    assert_eq!(status("2001:db8::2").await, StatusCode::TOO_MANY_REQUESTS, "of the same /64");
    server.stop().await;
}

#[tokio::test]
async fn a_token_has_a_quota_and_a_batch_counts_each_request() {
    let db = data().await;
    let rates = RateConfig { per_token: 4, ..RateConfig::default() };
    let server = TestServer::serve(with_token(&db, rates)).await;
    let answer = server.post(JSON, TYPENAME).await;
    assert_eq!(answer.header("ratelimit-policy"), "\"token\";q=4;w=60");
    assert_eq!(answer.header("ratelimit"), "\"token\";r=3;t=15");
    let two = server.post(JSON, &format!("[{TYPENAME},{TYPENAME}]")).await;
    assert_eq!((two.status, two.header("ratelimit")), (StatusCode::OK, "\"token\";r=1;t=45"));
    let three = format!("[{TYPENAME},{TYPENAME},{TYPENAME}]");
    assert_limited(&server.post(JSON, &three).await, 30);
    assert_limited(&server.get("/graphql?query=%7B__typename%7D").await, 30);
    // Pages need no token.
    assert_eq!(server.get("/schema.graphql").await.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn operations_share_a_budget_of_cost() {
    let db = data().await;
    let unlimited = TestServer::serve(with_token(&db, RateConfig::default())).await;
    let answer = unlimited.post(JSON, NAMES).await;
    assert_eq!(answer.header("ratelimit"), "");
    let cost = answer.json()["extensions"]["cost"]["estimate"].as_u64().unwrap();
    let cost = u32::try_from(cost).unwrap();
    assert!(cost > 4, "{cost}");

    let rates = RateConfig { cost_per_token: cost + 1, ..RateConfig::default() };
    // Executed, then from the cache.
    let cached = with_token(&db, rates).with_cache(CACHE_BYTES);
    let server = TestServer::serve(cached).await;
    for left in ["\"cost\";r=1;t=", "\"cost\";r=0;t=60"] {
        let answer = server.post(JSON, NAMES).await;
        assert_eq!(answer.json()["data"]["persons"]["nodes"].as_array().unwrap().len(), 5);
        assert!(answer.header("ratelimit").starts_with(left), "{}", answer.header("ratelimit"));
    }
    for form in [JSON, "application/graphql-response+json"] {
        assert_limited(&server.post(form, NAMES).await, 60);
    }
    server.stop().await;

    let rates = RateConfig { cost_per_token: cost - 1, ..RateConfig::default() };
    let server = TestServer::serve(with_token(&db, rates)).await;
    let answer = server.post(JSON, NAMES).await;
    let found = (answer.status, answer.header("retry-after"), answer.code());
    assert_eq!(found, (StatusCode::TOO_MANY_REQUESTS, "", "RATE_LIMITED".to_owned()));
    assert!(answer.text.contains("ask for less"), "{}", answer.text);
    // Each request of a batch is refused by itself.
    let batch = server.post(JSON, &format!("[{NAMES},{TYPENAME}]")).await;
    assert_eq!(batch.status, StatusCode::OK);
    assert_eq!(batch.json()[0]["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    assert_eq!(batch.json()[1]["data"], json!({ "__typename": "Query" }));
    server.stop().await;
    unlimited.stop().await;
}

#[tokio::test]
async fn operations_over_a_websocket_count_as_requests() {
    let db = data().await;
    let rates = RateConfig { per_token: 1, ..RateConfig::default() };
    let server = TestServer::serve(with_token(&db, rates)).await;
    let mut socket = Socket::begin(&server).await;
    socket.subscribe("1", "{ __typename }").await;
    assert_eq!(socket.receive().await["payload"]["data"], json!({ "__typename": "Query" }));
    assert_eq!(socket.receive().await["type"], "complete");
    socket.subscribe("2", "{ __typename }").await;
    let refused = socket.receive().await;
    assert_eq!(refused["type"], "error");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    server.stop().await;
}
