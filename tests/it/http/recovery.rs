//! The server recovers by itself, and its clients notice nothing: after the schema has changed
//! under its sessions, after sessions were ended, and after a failover.

use std::time::Instant;

use futures_util::future::join_all;
use hyper::StatusCode;
use salesgraph::embedded::postgres::Crash;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};

use super::freshness::{ask, node};
use crate::support::http::TestServer;
use crate::support::ledger::{PATIENCE, wait_until};
use crate::support::servers::Servers;
use crate::support::switch_proxy::SwitchProxy;
use crate::support::{TestApp, TestDb, database, fixture, standby, write};

/// One statement each, and one of several levels.
const DOCUMENTS: [&str; 4] = [
    "{ person(businessEntityId: 1) { firstName lastName } }",
    "{ products(first: 3) { nodes { productId name safetyStockLevel } } }",
    "{ salesAggregate(groupBy: [CUSTOMER]) { nodes { measures { lineCount } } } }",
    "{ customers(first: 5) { nodes { customerId person { firstName } orders(first: 2) {
        nodes { salesOrderId } } } } }",
];

/// Each document several times at once, so that several sessions have prepared it. The
/// documents differ by a name each time, so that none is answered from the cache.
async fn all_at_once(server: &TestServer, round: usize) -> Vec<Value> {
    let asked = (0..4).flat_map(|copy| {
        DOCUMENTS.map(|document| async move {
            let document = document.replacen('{', &format!("query R{round}C{copy} {{"), 1);
            let mut answer = ask(server, &document).await.json();
            assert_eq!(answer["errors"], Value::Null, "round {round}: {document}");
            answer["data"].take()
        })
    });
    join_all(asked).await
}

async fn filled() -> (TestDb, TestServer) {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let server = node(&db.url).await;
    (db, server)
}

async fn ready(server: &TestServer) -> (StatusCode, Value) {
    let answer = server.get("/health/ready").await;
    (answer.status, answer.json())
}

/// What is told once it is so, or is no longer.
async fn readiness(server: &TestServer, wanted: bool, after: &str) -> (StatusCode, Value) {
    let begun = Instant::now();
    loop {
        let told = ready(server).await;
        if (told.0 == StatusCode::OK) == wanted {
            return told;
        }
        assert!(begun.elapsed() < PATIENCE, "{after}: still {told:?}");
        tokio::task::yield_now().await;
    }
}

async fn execute(pool: &PgPool, sql: &str) {
    write(pool, sql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_type_or_index_is_not_noticed() {
    let (db, server) = filled().await;
    let expected = all_at_once(&server, 0).await;
    let changes = [
        "ALTER TABLE person ALTER first_name TYPE text",
        "ALTER TABLE product ALTER name TYPE varchar(99), ALTER list_price TYPE numeric(30, 4)",
        "DROP INDEX customer_person_id; CREATE INDEX customer_person_id ON customer (person_id, customer_id)",
        "ALTER TABLE customer ADD note text; ALTER TABLE customer DROP note",
        "ALTER TABLE person ALTER first_name TYPE varchar(50)",
    ];
    for (number, change) in changes.into_iter().enumerate() {
        execute(&db.pool, change).await;
        assert_eq!(all_at_once(&server, number + 1).await, expected, "{change}");
        assert_eq!(ready(&server).await.0, StatusCode::OK, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_sessions_are_not_noticed() {
    let (db, server) = filled().await;
    let expected = all_at_once(&server, 0).await;
    for round in 1..6 {
        let ended: i64 = sqlx::query_scalar(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND application_name = 'salesgraph'",
        )
        .fetch_one(&db.pool)
        .await
        .expect("the sessions end");
        assert!(ended > 0, "the server had no session");
        assert_eq!(all_at_once(&server, round).await, expected);
        assert_eq!(ready(&server).await.0, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_move_with_the_search_path_are_not_noticed() {
    let (db, server) = filled().await;
    let expected = all_at_once(&server, 0).await;
    let path = |to: &str| format!("ALTER DATABASE {} SET search_path = {to}", db.name);
    execute(&db.pool, &format!("{}; ALTER SCHEMA public RENAME TO moved", path("moved"))).await;
    assert_eq!(all_at_once(&server, 1).await, expected);
    assert_eq!(ready(&server).await.0, StatusCode::OK);
    execute(&db.pool, &format!("{}; ALTER SCHEMA moved RENAME TO public", path("public"))).await;
    assert_eq!(all_at_once(&server, 2).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_answer_is_not_ready_until_it_can() {
    let broken = [
        (
            "ALTER TABLE product ALTER safety_stock_level TYPE bigint",
            "ALTER TABLE product ALTER safety_stock_level TYPE smallint",
            "the column product.safety_stock_level is of type bigint, not smallint",
        ),
        (
            "ALTER TABLE person RENAME TO people",
            "ALTER TABLE people RENAME TO person",
            "there is no table person",
        ),
        (
            "ALTER TABLE customer RENAME person_id TO person",
            "ALTER TABLE customer RENAME person TO person_id",
            "the table customer has no column person_id",
        ),
    ];
    let (db, server) = filled().await;
    let expected = all_at_once(&server, 0).await;
    for (round, (change, undo, reason)) in broken.into_iter().enumerate() {
        execute(&db.pool, change).await;
        // What was ready a moment ago may be told again.
        let reason = format!("{reason}: somebody has changed the schema or its grants");
        let told = readiness(&server, false, change).await;
        let unavailable = json!({ "status": "unavailable", "code": "CONFIG", "reason": reason });
        assert_eq!(told, (StatusCode::SERVICE_UNAVAILABLE, unavailable), "{change}");
        let document = format!("query B{round} {}", DOCUMENTS[3]);
        let broken = ask(&server, &document).await.json();
        if !change.contains("product") {
            assert_eq!(broken["errors"][0]["extensions"]["code"], "INTERNAL", "{change}");
        }
        execute(&db.pool, undo).await;
        assert_eq!(all_at_once(&server, round + 1).await, expected, "{undo}");
        readiness(&server, true, undo).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_to_a_promoted_standby_is_not_noticed() {
    let (primary, state) = standby::primary().await;
    let app = TestApp::start_on(Servers::on(&primary).await).await;
    fixture::insert(&app.pool).await;
    let database = app.database().get_database().expect("a database").to_owned();
    app.pool.close().await;
    let (mut primary, mut standbys) = standby::standbys_of(primary, &state, &["standby"]).await;
    let standby = standbys.remove(0);

    let proxy = SwitchProxy::start(primary.port()).await;
    let at = |port: u16| {
        let url = primary.url_for(&database);
        url.replace(&format!(":{}/", primary.port()), &format!(":{port}/"))
    };
    let (direct, after) = (at(primary.port()), at(standby.port()));
    let server = node(&at(proxy.port())).await;
    let expected = all_at_once(&server, 0).await;
    let name = "{ person(businessEntityId: 1) { firstName } }";

    let pool = PgPool::connect(&direct).await.expect("the primary answers");
    execute(&pool, "UPDATE person SET first_name = 'last' WHERE business_entity_id = 1").await;
    assert_eq!(ask(&server, name).await.json()["data"]["person"]["firstName"], "last");
    let caught_up =
        "(SELECT bool_and(replay_lsn >= pg_current_wal_lsn()) FROM pg_stat_replication)";
    wait_until(&pool, caught_up).await;
    pool.close().await;
    primary.crash(Crash::Kill).await.expect("the primary ends");
    let mut promoted = PgConnection::connect(&after).await.expect("the standby answers");
    promoted.execute("SELECT pg_promote()").await.expect("it is promoted");
    proxy.switch_to(standby.port());

    assert_eq!(ask(&server, name).await.json()["data"]["person"]["firstName"], "last");
    let now = all_at_once(&server, 1).await;
    assert_eq!(now[1], expected[1]);
    assert_eq!(ready(&server).await.0, StatusCode::OK);
    let change = "UPDATE person SET first_name = 'first' WHERE business_entity_id = 1";
    promoted.execute(change).await.expect("it takes changes");
    assert_eq!(ask(&server, name).await.json()["data"]["person"]["firstName"], "first");
    standby.stop().await.expect("the new primary stops");
}
