//! GraphQL over HTTP, through a real listener.

use std::time::Duration;

use hyper::StatusCode;
use salesgraph::http::RequestLimits;
use serde_json::json;
use sqlx::Executor as _;
use tokio::time::timeout;

use crate::support::http::TestServer;
use crate::support::{TestDb, database, fixture, unmigrated};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";

async fn start() -> (TestDb, TestServer) {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let server = TestServer::start(&db, RequestLimits::default()).await;
    (db, server)
}

#[tokio::test]
async fn post_answers_in_both_media_types() {
    let (_db, server) = start().await;
    let body = json!({
        "query": "query A { __typename } query B($id: Int!) { person(businessEntityId: $id) { firstName } }",
        "operationName": "B",
        "variables": { "id": 3 },
        "extensions": {},
    });
    for (accept, content_type) in [
        (JSON, "application/json; charset=utf-8"),
        (RESPONSE, "application/graphql-response+json; charset=utf-8"),
        ("*/*", "application/json; charset=utf-8"),
    ] {
        let answer = server.post(accept, &body.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.result(), json!({ "data": { "person": { "firstName": "First3" } } }));
        assert!(!answer.header("x-request-id").is_empty());
    }
    server.stop().await;
}

#[tokio::test]
async fn get_is_for_queries_only() {
    let (_db, server) = start().await;
    let answer = server
        .get("/graphql?query=query+Q($id:Int!){person(businessEntityId:$id){firstName}}&operationName=Q&variables=%7B%22id%22:3%7D")
        .await;
    assert_eq!(answer.result(), json!({ "data": { "person": { "firstName": "First3" } } }));

    let answer = server.get("/graphql?query=mutation%7Bx%7D").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "POST");
    let answer =
        server.get("/graphql?query=query+A%7B__typename%7Dmutation+B%7Bx%7D&operationName=B").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let answer = server.get("/graphql").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::BAD_REQUEST, "BAD_USER_INPUT")
    );
    let answer = server.get("/graphql?query=%7B__typename%7D&variables=nonsense").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_status_of_bad_documents_depends_on_the_media_type() {
    let (_db, server) = start().await;
    for (query, code) in
        [("{", "GRAPHQL_PARSE_FAILED"), ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED")]
    {
        let body = json!({ "query": query }).to_string();
        for (accept, status) in [(JSON, StatusCode::OK), (RESPONSE, StatusCode::BAD_REQUEST)] {
            let answer = server.post(accept, &body).await;
            assert_eq!((answer.status, answer.code().as_str()), (status, code));
            assert!(answer.json().get("data").is_none(), "{}", answer.text);
        }
    }
    // A field error does not fail the request.
    let body = json!({ "query": "{ persons(first: -1) { totalCount } }" }).to_string();
    let answer = server.post(RESPONSE, &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["data"], json!({ "persons": null }));
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let (_db, server) = start().await;
    let query = r#"{"query":"{__typename}"}"#;
    for (headers, body, status) in [
        (vec![("content-type", "text/plain")], query, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (vec![], query, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (vec![("content-type", JSON), ("accept", "text/csv")], query, StatusCode::NOT_ACCEPTABLE),
        (vec![("content-type", JSON)], "{", StatusCode::BAD_REQUEST),
        (vec![("content-type", JSON)], "{}", StatusCode::BAD_REQUEST),
        (vec![("content-type", JSON)], r#"{"query":1}"#, StatusCode::BAD_REQUEST),
        (
            vec![("content-type", JSON)],
            r#"{"query":"{a}","variables":[]}"#,
            StatusCode::BAD_REQUEST,
        ),
        (vec![("content-type", JSON)], r#"[{"query":"{a}"}]"#, StatusCode::BAD_REQUEST),
    ] {
        let answer = server.request("POST", "/graphql", &headers, body).await;
        assert_eq!(answer.status, status, "{headers:?} {body}");
        assert_eq!(answer.code(), "BAD_USER_INPUT");
    }
    let answer = server.request("PUT", "/graphql", &[], "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "GET, POST");
}

#[tokio::test]
async fn a_server_stays_ready_while_a_newer_schema_has_what_it_reads() {
    let (db, _) = start().await;
    let ahead = "INSERT INTO seaql_migrations VALUES ('m2999_future', 0)";
    db.pool.execute(ahead).await.expect("a migration");
    let server = TestServer::start(&db, RequestLimits::default()).await;
    assert_eq!(server.get("/health/ready").await.json(), json!({ "status": "ready" }));

    db.pool.execute("ALTER TABLE product RENAME COLUMN name TO title").await.expect("renamed");
    // Another server: the first one remembers its result for a second.
    let server = TestServer::start(&db, RequestLimits::default()).await;
    let answer = server.get("/health/ready").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["code"], "CONFIG");
    let reason = answer.json()["reason"].to_string();
    assert!(reason.contains("use a newer version"), "{reason}");
}

#[tokio::test]
async fn readiness_requires_postgres_and_the_schema() {
    let (db, server) = start().await;
    assert_eq!(server.get("/health/live").await.status, StatusCode::OK);
    assert_eq!(server.get("/health/ready").await.json(), json!({ "status": "ready" }));

    let empty = unmigrated().await;
    let behind = TestServer::start(&empty, RequestLimits::default()).await;
    let answer = behind.get("/health/ready").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["code"], "CONFIG");

    db.pool.close().await;
    // The last result is told for another second.
    let unready = async {
        loop {
            let answer = server.get("/health/ready").await;
            if answer.status != StatusCode::OK {
                return answer;
            }
        }
    };
    let answer = timeout(Duration::from_secs(60), unready).await.expect("it is noticed");
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["code"], "UNAVAILABLE");
    assert_eq!(server.get("/health/live").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_sdl_is_served_and_request_ids_come_back() {
    let (_db, server) = start().await;
    let answer = server.request("GET", "/schema.graphql", &[("x-request-id", "mine")], "").await;
    assert_eq!(answer.text, salesgraph::graphql::sdl());
    assert_eq!(answer.header("x-request-id"), "mine");
}

#[tokio::test]
async fn a_running_request_survives_the_shutdown() {
    let (db, server) = start().await;
    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let request = server.post(JSON, r#"{"query":"{persons{totalCount}}"}"#);
    let unlock = async {
        // The request is running once it waits for the lock.
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted
                     AND relation = 'person'::regclass AND database =
                     (SELECT oid FROM pg_database WHERE datname = current_database()))";
        while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&db.pool).await.unwrap() {
            tokio::task::yield_now().await;
        }
        server.begin_stop();
        lock.rollback().await.unwrap();
    };
    let (answer, ()) = tokio::join!(request, unlock);
    assert_eq!(answer.result(), json!({ "data": { "persons": { "totalCount": 60 } } }));
    server.stop().await;
}
