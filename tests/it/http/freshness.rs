//! Two servers on one database, both with warm caches, never answer with data older
//! than a commit that anyone has seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::StatusCode;
use salesgraph::db::pool::{self, Settings};
use salesgraph::http::RequestLimits;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};

use crate::support::cluster::is_left_out;
use crate::support::http::{Answer, CACHE_BYTES, TestServer, state};
use crate::support::ledger::{PATIENCE, wait_until};
use crate::support::sample::{self, ALL, HEADER};
use crate::support::{TestApp, database, fixture, write};

const JSON: &str = "application/json";
const COMMITS: i64 = 60;

/// A server with its own pool and cache, as on another machine.
pub(super) async fn node(url: &str) -> TestServer {
    // A busy machine must not time out.
    let settings = Settings { acquire_timeout: PATIENCE, max_connections: 3, ..Settings::new(url) };
    let pool = pool::connect(&settings).await.expect("a pool");
    TestServer::serve(state(&pool, RequestLimits::default()).with_cache(CACHE_BYTES)).await
}

pub(super) async fn ask(server: &TestServer, query: &str) -> Answer {
    let answer = server.post(JSON, &json!({ "query": query }).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer
}

const NAME: &str = "{ person(businessEntityId: 1) { firstName } }";

/// The number that is the person's name.
async fn served(server: &TestServer) -> i64 {
    let answer = ask(server, NAME).await;
    let name = &answer.json()["data"]["person"]["firstName"];
    name.as_str().and_then(|name| name.parse().ok()).unwrap_or_else(|| panic!("{}", answer.text))
}

async fn name(pool: &PgPool, number: i64) {
    let sql = format!("UPDATE person SET first_name = '{number}' WHERE business_entity_id = 1");
    write(pool, &sql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_older_than_a_commit_that_anyone_has_seen() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    name(&db.pool, 0).await;
    let nodes = Arc::new([node(&db.url).await, node(&db.url).await]);
    let ended = Arc::new(AtomicBool::new(false));
    let mut readers = tokio::task::JoinSet::new();
    for reader in 0..4 {
        let (nodes, ended) = (Arc::clone(&nodes), Arc::clone(&ended));
        let mut direct = PgConnection::connect(&db.url).await.expect("a connection");
        readers.spawn(async move {
            let (mut asked, mut last) = (reader, 0);
            while !ended.load(Ordering::Relaxed) {
                let seen: i64 = sqlx::query_scalar(
                    "SELECT first_name::bigint FROM person WHERE business_entity_id = 1",
                )
                .fetch_one(&mut direct)
                .await
                .expect("seen");
                let answer = served(&nodes[asked % 2]).await;
                assert!(answer >= seen, "{answer} was served after {seen} had been seen");
                assert!(answer >= last, "{answer} was served after {last}");
                (asked, last) = (asked + 1, answer);
            }
            asked - reader
        });
    }
    for number in 1..=COMMITS {
        name(&db.pool, number).await;
        // Fills the cache for this version, so that the next one meets a cached answer.
        for node in nodes.iter() {
            assert_eq!(served(node).await, number, "at the very next request");
            assert_eq!(served(node).await, number, "and at the one after it");
        }
    }
    ended.store(true, Ordering::Relaxed);
    while let Some(asked) = readers.join_next().await {
        assert!(asked.expect("no reader got old data") > 10);
    }
}

#[tokio::test]
async fn the_next_answer_of_every_server_has_what_a_load_committed() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL[..4]).await;
    app.load_small().await;
    let nodes = [node(&app.database_url()).await, node(&app.database_url()).await];
    let query = "{ salesOrders { totalCount } loadRuns { totalCount nodes { state } } }";
    let mut before = Vec::new();
    for node in &nodes {
        before.push(ask(node, query).await.json());
    }
    assert_eq!(before[0], before[1], "data, version and time");
    assert_eq!(before[0]["data"]["salesOrders"]["totalCount"], 0);

    sample::clean().put(&app, &[HEADER]).await;
    app.load_small().await;
    let orders: i64 = app.value("SELECT count(*) FROM sales_order").await;
    assert!(orders > 0);
    for node in &nodes {
        let after = ask(node, query).await.json();
        assert_eq!(after["data"]["salesOrders"]["totalCount"], orders);
        assert_eq!(after["data"]["loadRuns"]["totalCount"], 2);
        assert_eq!(after["data"]["loadRuns"]["nodes"][0]["state"], "SUCCEEDED");
    }
}

#[tokio::test]
async fn every_executed_answer_names_its_data_version() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let server = node(&db.url).await;
    for query in [NAME, NAME, "{ __typename }", "{ persons(first: -1) { totalCount } }"] {
        let extensions = ask(&server, query).await.json()["extensions"].take();
        let (version, as_of): (i64, String) = sqlx::query_as(
            "SELECT version, to_char(as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') \
             FROM data_version",
        )
        .fetch_one(&db.pool)
        .await
        .unwrap();
        assert_eq!(extensions["dataVersion"], version, "{query}: {extensions}");
        let served_as_of = extensions["dataAsOf"].as_str().unwrap_or_default();
        assert!(
            served_as_of.starts_with(&as_of) && served_as_of.ends_with('Z'),
            "{served_as_of} is not {as_of}"
        );
    }
    let refused = server.post(JSON, r#"{"query":"{"}"#).await;
    assert_eq!(refused.json()["extensions"], Value::Null, "nothing was executed");
}

#[tokio::test]
async fn answers_stay_correct_without_notifications() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let server = node(&db.url).await;
    let listening = "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' \
                     AND datname = current_database()";
    name(&db.pool, 0).await;
    assert_eq!(served(&server).await, 0);
    for number in 1..=5 {
        wait_until(&db.pool, listening).await;
        let ended: Vec<bool> = sqlx::query_scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE query LIKE 'LISTEN%' AND datname = current_database()",
        )
        .fetch_all(&db.pool)
        .await
        .unwrap();
        assert_eq!(ended, [true]);
        name(&db.pool, number).await;
        assert_eq!(served(&server).await, number);
    }
    wait_until(&db.pool, listening).await;

    // When the connection that reads the version is lost as well, another opens at once.
    let ended: Vec<bool> = sqlx::query_scalar(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE pid <> pg_backend_pid() AND datname = current_database() \
         AND (query LIKE 'SELECT version, as_of, unwatched%' \
              OR query LIKE 'SELECT pg_postmaster_start_time()%')",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap();
    assert_eq!(ended, [true]);
    name(&db.pool, 6).await;
    let answer = ask(&server, NAME).await.json();
    assert_eq!(answer["data"]["person"]["firstName"], "6");
    assert!(answer["extensions"]["dataVersion"].is_i64(), "{answer}");
}

#[tokio::test]
async fn without_a_version_nothing_is_cached_and_queries_succeed() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let server = node(&db.url).await;
    name(&db.pool, 1).await;
    assert_eq!(served(&server).await, 1);
    db.pool.execute("ALTER VIEW data_state RENAME TO gone").await.unwrap();
    let answer = ask(&server, NAME).await.json();
    assert_eq!(answer["data"], json!({ "person": { "firstName": "1" } }));
    assert_eq!(answer["extensions"].get("dataVersion"), None);
    if is_left_out("triggers see no changes there") {
        return;
    }
    // A change that no version shows.
    db.pool
        .execute("ALTER TABLE person DISABLE TRIGGER USER; UPDATE person SET first_name = '2'")
        .await
        .unwrap();
    assert_eq!(served(&server).await, 2);
}
