//! The limits of one request; an abandoned request leaves nothing behind.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hyper::StatusCode;
use salesgraph::auth::{Access, Principal};
use salesgraph::http::{RequestLimits, ServerOptions};
use serde_json::json;
use sqlx::{Executor as _, PgPool};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::http::{TestServer, state};
use crate::support::socket::Socket;
use crate::support::{TestDb, database, fixture};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";
const PERSONS: &str = r#"{"query":"{ persons { totalCount } }"}"#;

async fn start(limits: RequestLimits) -> (TestDb, TestServer) {
    let db = database().await;
    fixture::insert(&db.pool).await;
    // Without a cache, in which equal requests would share one execution.
    let server = TestServer::serve(state(&db.pool, limits)).await;
    (db, server)
}

/// Waits until this many statements of the API wait for the lock on `person`.
async fn until_blocked(pool: &PgPool, wanted: i64) {
    let blocked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                   AND wait_event_type = 'Lock' AND query LIKE '%person%'";
    let begun = std::time::Instant::now();
    loop {
        let found: i64 = sqlx::query_scalar(blocked).fetch_one(pool).await.unwrap();
        if found == wanted {
            return;
        }
        let waited = begun.elapsed();
        assert!(waited < Duration::from_secs(20), "{found} statements wait, not {wanted}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_body_is_limited_in_size_and_time() {
    let limits = RequestLimits {
        body_bytes: 100,
        execution_time: Duration::from_millis(100),
        ..RequestLimits::default()
    };
    let (_db, server) = start(limits).await;
    let answer = server.post(JSON, &json!({ "query": "x".repeat(200) }).to_string()).await;
    let found = (answer.status, answer.code());
    assert_eq!(found, (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE".to_owned()));
    assert!(answer.text.contains("100 bytes"), "{}", answer.text);

    // A body that is too short, and one that never ends.
    for (length, begin) in
        [("content-length: 50", "{"), ("transfer-encoding: chunked", "1\r\n{\r\n1\r\n \r\n")]
    {
        let mut client = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             {length}\r\nconnection: close\r\n\r\n{begin}"
        );
        client.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("\"TIMEOUT\"") && answer.contains("100ms"), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn compressed_bodies_are_refused() {
    let (_db, server) = start(RequestLimits::default()).await;
    for coding in ["gzip", "br", "identity, deflate", "zstd"] {
        let headers = [("content-type", JSON), ("content-encoding", coding)];
        let answer = server.request("POST", "/graphql", &headers, PERSONS).await;
        let found = (answer.status, answer.code());
        let expected = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT".to_owned());
        assert_eq!(found, expected, "{coding}");
        assert!(answer.text.contains("Content-Encoding"), "{}", answer.text);
    }
    let headers = [("content-type", JSON), ("content-encoding", "identity")];
    let answer = server.request("POST", "/graphql", &headers, PERSONS).await;
    assert_eq!(answer.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn requests_beyond_concurrency_and_queue_are_refused() {
    let (db, server) = start(RequestLimits { concurrency: 1, ..RequestLimits::default() }).await;
    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let mut answers: FuturesUnordered<_> = (0..3).map(|_| server.post(RESPONSE, PERSONS)).collect();
    // One is executed and one queues until the lock is released.
    let refused = answers.next().await.unwrap();
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("OVERLOADED", "1"));
    assert!(refused.text.contains("1 requests are being executed"), "{}", refused.text);
    lock.rollback().await.unwrap();
    let served: Vec<_> = answers.collect().await;
    assert_eq!(served.len(), 2);
    for answer in served {
        assert_eq!(answer.result(), json!({ "data": { "persons": { "totalCount": 60 } } }));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_token_has_a_share_of_the_concurrency() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let limits = RequestLimits { concurrency_per_token: 1, ..RequestLimits::default() };
    let caller = Principal { credential: 7, ..Principal::operator() };
    let state = state(&db.pool, limits).with_access(Access::Open(Arc::new(caller)));
    let server = TestServer::serve(state.with_batch_max(2)).await;
    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let refusals = async {
        until_blocked(&db.pool, 1).await;
        for media_type in [JSON, RESPONSE] {
            let refused = server.post(media_type, PERSONS).await;
            let found = (refused.status, refused.code());
            assert_eq!(found, (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED".to_owned()));
            assert_eq!(refused.header("retry-after"), "1");
        }
        let batch = server.post(JSON, &format!("[{PERSONS},{PERSONS}]")).await.json();
        for answer in batch.as_array().expect("an array") {
            assert_eq!(answer["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{batch}");
        }
        let mut socket = Socket::begin(&server).await;
        socket.subscribe("1", "{ persons { totalCount } }").await;
        let refused = socket.receive().await;
        assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{refused}");
        lock.rollback().await.unwrap();
    };
    let (first, ()) = tokio::join!(server.post(JSON, PERSONS), refusals);
    for answer in [first, server.post(JSON, PERSONS).await] {
        assert_eq!(answer.result(), json!({ "data": { "persons": { "totalCount": 60 } } }));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_timeout_is_reported_in_both_media_types() {
    let limit = Duration::from_millis(100);
    let (db, server) =
        start(RequestLimits { execution_time: limit, ..RequestLimits::default() }).await;
    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    for (form, status) in [(JSON, StatusCode::OK), (RESPONSE, StatusCode::GATEWAY_TIMEOUT)] {
        let answer = server.post(form, PERSONS).await;
        assert_eq!((answer.status, answer.code()), (status, "TIMEOUT".to_owned()));
        assert!(answer.text.contains("100ms"), "{}", answer.text);
        assert_eq!(answer.json().get("data"), None);
    }
    lock.rollback().await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_timed_out_request_leaves_no_statement_behind() {
    let limit = Duration::from_secs(2);
    let (db, server) =
        start(RequestLimits { execution_time: limit, ..RequestLimits::default() }).await;
    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let (answer, ()) = tokio::join!(server.post(JSON, PERSONS), until_blocked(&db.pool, 1));
    assert_eq!(answer.code(), "TIMEOUT");
    until_blocked(&db.pool, 0).await;
    lock.rollback().await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_disconnected_client_leaves_no_statement_behind() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let half_closed_timeout = Duration::from_millis(20);
    let options = ServerOptions { half_closed_timeout, ..ServerOptions::default() };
    let state = state(&db.pool, RequestLimits::default());
    let server = TestServer::serve_with(state, options).await;
    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    // More of them than the pool has connections, so these must be returned.
    for _ in 0..12 {
        let mut client = TcpStream::connect(server.address).await.unwrap();
        let length = PERSONS.len();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{PERSONS}"
        );
        client.write_all(request.as_bytes()).await.unwrap();
        until_blocked(&db.pool, 1).await;
        drop(client);
        until_blocked(&db.pool, 0).await;
    }
    lock.rollback().await.unwrap();
    let answer = server.post(JSON, PERSONS).await;
    assert_eq!(answer.result(), json!({ "data": { "persons": { "totalCount": 60 } } }));
    server.stop().await;
}
