//! The response cache: hits, keys, eviction and its limit.

use std::io::Read as _;
use std::sync::Arc;

use std::time::Duration;

use flate2::read::GzDecoder;
use futures_util::future::join_all;
use salesgraph::http::{AppState, RequestLimits};
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::http::{Answer, CACHE_BYTES, TestServer, state};
use crate::support::ledger::PATIENCE;
use crate::support::statements::during;
use crate::support::{TestDb, database, fixture, write};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";

async fn start(max_bytes: Option<usize>) -> (TestDb, Arc<AppState>, TestServer) {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let mut state = state(&db.pool, RequestLimits::default());
    if let Some(max_bytes) = max_bytes {
        state = state.with_cache(max_bytes);
    }
    let state = Arc::new(state);
    let server = TestServer::serve(Arc::clone(&state)).await;
    (db, state, server)
}

/// The result of `work`, and how often it read persons.
async fn reads<T>(work: impl Future<Output = T>) -> (T, usize) {
    let (done, statements) = during(work).await;
    let reads = statements.iter().filter(|text| text.contains("FROM person")).count();
    (done, reads)
}

const NAMES: &str = "query Names($id: Int! = 1) { person(businessEntityId: $id) { firstName } }
                     query Last($id: Int! = 1) { person(businessEntityId: $id) { lastName } }";

fn names(operation: &str, variables: &Value) -> String {
    json!({ "query": NAMES, "operationName": operation, "variables": variables }).to_string()
}

#[tokio::test]
async fn a_cached_answer_is_not_executed_again() {
    let (db, state, server) = start(Some(CACHE_BYTES)).await;
    let body = names("Names", &json!({ "id": 7 }));
    let (first, executed) = reads(server.post(JSON, &body)).await;
    assert_eq!(
        (first.json()["data"]["person"]["firstName"].as_str(), executed),
        (Some("First7"), 1)
    );
    assert!(state.cached_bytes() > 0);
    let (second, executed) = reads(server.post(JSON, &body)).await;
    assert_eq!((second.text, executed), (first.text.clone(), 0), "byte for byte");
    assert_eq!(second.headers.get("content-type"), first.headers.get("content-type"));
    let spaced = body.replace(",\"query", ",  \"query");
    assert_eq!(
        reads(server.post(JSON, &spaced)).await.1,
        0,
        "the form of the JSON does not matter"
    );

    write(&db.pool, "UPDATE product SET name = name || 'x'").await;
    let (other, executed) = reads(server.post(JSON, &body)).await;
    assert_eq!((other.text, executed), (first.text.clone(), 0), "no person changed");
    write(&db.pool, "UPDATE person SET last_name = last_name || 'x'").await;
    let (third, executed) = reads(server.post(JSON, &body)).await;
    assert_eq!(executed, 1, "whichever person changed");
    let version = |answer: &Answer| answer.json()["extensions"]["dataVersion"].as_i64();
    assert_eq!(version(&third), version(&first).map(|version| version + 2));
}

#[tokio::test]
async fn without_a_cache_every_query_is_executed() {
    let (_db, state, server) = start(None).await;
    let body = names("Names", &json!({}));
    for _ in 0..2 {
        let (answer, executed) = reads(server.post(JSON, &body)).await;
        assert_eq!(executed, 1);
        assert!(answer.json()["extensions"]["dataVersion"].is_i64(), "{}", answer.text);
    }
    assert_eq!(state.cached_bytes(), 0);
}

#[tokio::test]
async fn different_requests_never_share_an_answer() {
    let (_db, _state, server) = start(Some(CACHE_BYTES)).await;
    for round in 0..2 {
        for id in [1, 2, 11] {
            for (operation, field) in [("Names", "First"), ("Last", "Last")] {
                for accept in [JSON, RESPONSE] {
                    let body = names(operation, &json!({ "id": id }));
                    let (answer, executed) = reads(server.post(accept, &body)).await;
                    let person = &answer.json()["data"]["person"];
                    let name = person.as_object().and_then(|person| person.values().next());
                    assert_eq!(name, Some(&json!(format!("{field}{id}"))), "{body} {accept}");
                    assert!(answer.header("content-type").starts_with(accept));
                    assert_eq!(executed, usize::from(round == 0), "{body} {accept}");
                }
            }
        }
        let body = names("Names", &json!({}));
        let answer = server.post(JSON, &body).await.json();
        assert_eq!(answer["data"]["person"]["firstName"], "First1");
        // Without a name, a document of two operations is ambiguous.
        let body = json!({ "query": NAMES }).to_string();
        assert!(server.post(JSON, &body).await.json()["errors"].is_array());
        // Different by one blank.
        let body = json!({ "query": format!("{NAMES} "), "operationName": "Names" }).to_string();
        assert_eq!(reads(server.post(JSON, &body)).await.1, usize::from(round == 0));
    }
}

#[tokio::test]
async fn answers_with_errors_are_not_cached() {
    let (db, state, server) = start(Some(CACHE_BYTES)).await;
    for query in ["{", "{ nonsense }", "{ persons(first: -1) { totalCount } __typename }"] {
        let body = json!({ "query": query }).to_string();
        assert!(server.post(JSON, &body).await.json()["errors"].is_array());
    }
    db.pool.execute("ALTER TABLE person RENAME first_name TO hidden").await.unwrap();
    let body = names("Names", &json!({}));
    assert_eq!(server.post(JSON, &body).await.code(), "INTERNAL");
    assert_eq!(state.cached_bytes(), 0);
    db.pool.execute("ALTER TABLE person RENAME hidden TO first_name").await.unwrap();
    let answer = server.post(JSON, &body).await.json();
    assert_eq!(answer["data"]["person"]["firstName"], "First1", "no version has moved");
}

#[tokio::test]
async fn concurrent_equal_requests_are_executed_once() {
    let (db, _state, server) = start(Some(CACHE_BYTES)).await;
    let body = names("Names", &json!({}));
    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let crowd = join_all((0..20).map(|_| server.post(JSON, &body)));
    let unlock = async {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted
                     AND relation = 'person'::regclass AND database =
                     (SELECT oid FROM pg_database WHERE datname = current_database()))";
        while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&db.pool).await.unwrap() {
            tokio::task::yield_now().await;
        }
        lock.rollback().await.unwrap();
    };
    let ((answers, ()), executed) = reads(async { tokio::join!(crowd, unlock) }).await;
    for answer in answers {
        assert_eq!(answer.json()["data"]["person"]["firstName"], "First1");
    }
    assert_eq!(executed, 1);
}

#[tokio::test]
async fn memory_is_freed_by_a_commit_without_any_request() {
    let (db, state, server) = start(Some(CACHE_BYTES)).await;
    for id in 1..=20 {
        server.post(JSON, &names("Names", &json!({ "id": id }))).await;
    }
    assert!(state.cached_bytes() > 20 * 200, "{}", state.cached_bytes());
    write(&db.pool, "UPDATE person SET last_name = 'New' WHERE business_entity_id = 60").await;
    let freed = async {
        while state.cached_bytes() > 0 {
            // The polling interval.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.expect("the old version's answers are dropped");
}

#[tokio::test]
async fn memory_is_bounded() {
    const BOUND: usize = 1 << 20;
    let (_db, state, server) = start(Some(BOUND)).await;
    let ask = |comment: String| {
        let query = format!("#{comment}\n{{ __typename }}");
        json!({ "query": query }).to_string()
    };
    for number in 0..200 {
        let answer = server.post(JSON, &ask(format!("{number} {}", "x".repeat(20_000)))).await;
        assert_eq!(answer.json()["data"]["__typename"], "Query");
        assert!(state.cached_bytes() <= BOUND as u64, "{} bytes", state.cached_bytes());
    }
    let full = state.cached_bytes();
    assert!(full > BOUND as u64 / 2, "{full} bytes");

    // An answer too large for the cache evicts nothing.
    let (_db, state, server) = start(Some(BOUND)).await;
    server.post(JSON, &ask("x".repeat(BOUND / 16))).await;
    assert_eq!(state.cached_bytes(), 0);
}

#[tokio::test]
async fn a_compressed_answer_from_the_cache_is_the_same_answer() {
    let (db, state, server) = start(Some(CACHE_BYTES)).await;
    let query =
        "{ persons(first: 60) { nodes { businessEntityId firstName lastName source { line } } } }";
    let body = json!({ "query": query }).to_string();
    let plain = server.post(JSON, &body).await;
    let before = state.cached_bytes();
    for accepted in ["gzip", "br", "gzip;q=0.5, br;q=0.2", "gzip;q=0"] {
        let headers = [("content-type", JSON), ("accept", JSON), ("accept-encoding", accepted)];
        let mut sizes = Vec::new();
        for _ in 0..2 {
            let asked = server.request("POST", "/graphql", &headers, &body);
            let (answer, executed) = reads(asked).await;
            assert_eq!(executed, 0, "{accepted}");
            let coding = answer.header("content-encoding").to_owned();
            let text = match coding.as_str() {
                "" => answer.text.clone(),
                "gzip" => {
                    let mut text = String::new();
                    GzDecoder::new(&answer.bytes[..]).read_to_string(&mut text).expect("gzip");
                    text
                }
                // As the layer makes it.
                "br" => plain.text.clone(),
                other => panic!("{other}"),
            };
            assert_eq!(text, plain.text, "{accepted}");
            assert_eq!(answer.header("content-type"), plain.header("content-type"));
            assert!(answer.header("vary").contains("accept-encoding"), "{accepted}");
            assert!(coding.is_empty() || answer.bytes.len() * 2 < plain.bytes.len(), "{coding}");
            sizes.push(answer.bytes.len());
        }
        assert_eq!(sizes[0], sizes[1], "{accepted}");
    }
    assert!(state.cached_bytes() > before, "what is kept compressed counts");

    let batched = state_with_batches(&db);
    let server = TestServer::serve(batched).await;
    let headers = [("content-type", JSON), ("accept", JSON), ("accept-encoding", "identity")];
    let batch = format!("[{body},{body}]");
    for _ in 0..2 {
        let answer = server.request("POST", "/graphql", &headers, &batch).await;
        let all: Vec<Value> = serde_json::from_str(&answer.text).expect("an array");
        assert_eq!(all.len(), 2);
        let headers = [headers[0], headers[1], ("accept-encoding", "gzip")];
        let answer = server.request("POST", "/graphql", &headers, &batch).await;
        let mut text = String::new();
        GzDecoder::new(&answer.bytes[..]).read_to_string(&mut text).expect("gzip");
        assert_eq!(serde_json::from_str::<Vec<Value>>(&text).expect("an array"), all);
    }
}

fn state_with_batches(db: &TestDb) -> AppState {
    state(&db.pool, RequestLimits::default()).with_cache(CACHE_BYTES).with_batch_max(4)
}
