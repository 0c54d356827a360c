//! An answer stays cached, and its entity tag the same, as long as the tables that it was read
//! from do not change; on every server, and never for longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};

use super::freshness::{ask, node};
use crate::support::cluster::is_left_out;
use crate::support::http::{Answer, TestServer};
use crate::support::statements::during;
use crate::support::{TestDb, database, fixture, write};

/// For most tables a document that shows a value of it, and a change of that value by hand. `$n`
/// is the number of the change.
const SHOWN: [(&str, &str, &str); 19] = [
    ("product", "{ product(productId: 1) { name } }", "name = 'N$n' WHERE product_id = 1"),
    (
        "person",
        "{ person(businessEntityId: 1) { firstName } }",
        "first_name = 'N$n' WHERE business_entity_id = 1",
    ),
    (
        "customer",
        "{ customer(customerId: 1) { accountNumber } }",
        "account_number = 'N$n' WHERE customer_id = 1",
    ),
    (
        "store",
        "{ store(businessEntityId: 901) { name } }",
        "name = 'N$n' WHERE business_entity_id = 901",
    ),
    ("territory", "{ territories { nodes { name } } }", "name = 'N$n' WHERE territory_id = 1"),
    ("sales_order", "{ salesOrder(salesOrderId: 1001) { comment } }", "comment = 'N$n'"),
    (
        "sales_order_line",
        "{ salesOrder(salesOrderId: 1001) { lines { nodes { carrierTrackingNumber } } } }",
        "carrier_tracking_number = 'N$n'",
    ),
    (
        "product_inventory",
        "{ product(productId: 1) { inventory { nodes { shelf } } } }",
        "shelf = 'N$n'",
    ),
    (
        "special_offer_product",
        "{ specialOfferProducts(first: 1) { nodes { modifiedDate } } }",
        "modified_date = timestamp '2020-01-01' + $n * interval '1 day'",
    ),
    (
        "currency_rate",
        "{ currencyRates(first: 1) { nodes { averageRate } } }",
        "average_rate = $n + 1",
    ),
    ("load_run", "{ loadRuns { nodes { holder } } }", "holder = 'N$n'"),
    ("load_file", "{ loadRejects { nodes { file { objectKey } } } }", "object_key = 'N$n'"),
    ("load_reject", "{ loadRejects { nodes { message } } }", "message = 'N$n'"),
    (
        "load_step",
        "{ loadRuns { nodes { steps { nodes { rowsWritten } } } } }",
        "rows_written = $n",
    ),
    (
        "load_finding",
        "{ loadRuns { nodes { findings { nodes { message } } } } }",
        "message = 'N$n'",
    ),
    ("load_parked", "{ loadParked { nodes { byteOffset } } }", "byte_offset = 6000 + $n"),
    ("lake_table", "{ lakeTables { nodes { location } } }", "location = 's3://$n'"),
    (
        "lake_snapshot",
        "{ lakeTables { nodes { snapshots { nodes { rowCount } } } } }",
        "row_count = $n",
    ),
    ("source_failure", "{ sourceFailures { nodes { message } } }", "message = 'N$n'"),
];

async fn start() -> (TestDb, [TestServer; 2]) {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let nodes = [node(&db.url).await, node(&db.url).await];
    (db, nodes)
}

async fn change(pool: &PgPool, table: &str, set: &str, number: i64) {
    let set = set.replace("$n", &number.to_string());
    let sql = format!("UPDATE {table} SET {set}");
    write(pool, &sql).await;
}

/// The answer, and whether it was executed.
async fn executed(server: &TestServer, query: &str) -> (Answer, bool) {
    let (answer, statements) = during(ask(server, query)).await;
    assert!(answer.json().get("errors").is_none(), "{query}: {}", answer.text);
    let reads = |text: &String| !text.contains("data_state") && text.contains("FROM");
    (answer, statements.iter().any(reads))
}

fn version(answer: &Answer) -> i64 {
    answer.json()["extensions"]["dataVersion"].as_i64().expect("a version")
}

#[tokio::test]
async fn the_next_answer_has_what_was_changed_by_hand_whatever_the_table() {
    let (db, nodes) = start().await;
    for (number, (table, query, set)) in (1..).zip(SHOWN) {
        let mut held = Vec::new();
        for node in &nodes {
            ask(node, query).await;
            let (answer, was_executed) = executed(node, query).await;
            assert!(!was_executed, "{query} is cached");
            held.push(answer.json()["data"].take());
        }
        change(&db.pool, table, set, number).await;
        let now: i64 = sqlx::query_scalar("SELECT version FROM data_version")
            .fetch_one(&db.pool)
            .await
            .unwrap();
        for (node, before) in nodes.iter().zip(held) {
            let (answer, was_executed) = executed(node, query).await;
            assert!(was_executed, "{query} after a change of {table}");
            let data = answer.json()["data"].take();
            assert_ne!(data, before, "{query} after a change of {table}");
            assert_eq!(version(&answer), now, "{query}");
        }
    }
}

#[tokio::test]
async fn an_answer_outlives_changes_of_other_tables() {
    let (db, nodes) = start().await;
    let products = "{ products { totalCount nodes { name inventory { nodes { quantity } } } } }";
    for node in &nodes {
        let first = ask(node, products).await;
        for (number, (table, _, set)) in (1..).zip(SHOWN) {
            if ["product", "product_inventory"].contains(&table) {
                continue;
            }
            change(&db.pool, table, set, number).await;
            let (answer, was_executed) = executed(node, products).await;
            assert!(!was_executed, "after a change of {table}");
            assert_eq!(answer.text, first.text, "byte for byte, its version included");
        }
        let nothing = ask(node, "{ __typename }").await;
        assert!(version(&nothing) > version(&first), "who reads nothing is told of all data");
    }
    let others = "UPDATE sales_order SET comment = 'x'; UPDATE product SET name = 'x'";
    write(&db.pool, others).await;
    for node in &nodes {
        let (answer, was_executed) = executed(node, products).await;
        assert!(was_executed, "one transaction, two tables");
        assert_eq!(answer.json()["data"]["products"]["nodes"][0]["name"], "x");
    }
    // What anything may have changed.
    db.pool.execute("INSERT INTO data_change VALUES (pg_current_xact_id())").await.unwrap();
    assert!(executed(&nodes[0], products).await.1);
    assert!(!executed(&nodes[0], products).await.1);
    if is_left_out("triggers see no changes there") {
        return;
    }
    db.pool.execute("ALTER TABLE person DISABLE TRIGGER USER").await.unwrap();
    write(&db.pool, "UPDATE person SET first_name = 'unseen'").await;
    assert!(executed(&nodes[0], products).await.1, "a change of anyone while triggers are off");
}

/// Of every line one piece more.
const MORE: &str = "UPDATE sales_order_line SET order_quantity = order_quantity + 1, \
    line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity + 1), 6)";

#[tokio::test]
async fn answers_that_sum_up_sales_follow_orders_and_lines() {
    let (db, nodes) = start().await;
    let sums = "{ salesAggregate(groupBy: [ORDER_MONTH]) { nodes { key { orderMonth } measures { orderQuantity { sum } } } } }";
    let derive = "DELETE FROM sales_by_product_day; DELETE FROM sales_by_day; \
                  INSERT INTO sales_by_product_day SELECT * FROM sales_by_product_day_since(NULL); \
                  INSERT INTO sales_by_day SELECT * FROM sales_by_day_since(NULL); \
                  DELETE FROM derivation_due WHERE step = 'sales_rollup'";
    write(&db.pool, derive).await;
    for node in &nodes {
        let kept = ask(node, sums).await.json();
        write(&db.pool, MORE).await;
        let (answer, was_executed) = executed(node, sums).await;
        assert!(was_executed, "what was summed up before is due");
        assert_ne!(answer.json(), kept);
        let due = answer.json()["data"].take();
        write(&db.pool, derive).await;
        assert_eq!(ask(node, sums).await.json()["data"], due, "summed up anew");
        change(&db.pool, "person", "first_name = 'N$n'", 7).await;
        assert!(!executed(node, sums).await.1);
    }
}

/// The path of a GET that names its document by its hash.
fn named(document: &str) -> String {
    let hash: String = Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect();
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let encode =
        |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
    format!("/graphql?query={}&extensions={}", encode(document), encode(&extensions.to_string()))
}

async fn get(server: &TestServer, path: &str, held: &str) -> Answer {
    let headers = [("accept", "application/json"), ("if-none-match", held)];
    server.request("GET", path, &headers, "").await
}

#[tokio::test]
async fn a_tag_is_good_on_every_server_until_its_tables_change() {
    let (db, nodes) = start().await;
    let path = named("{product(productId:1){name}}");
    let tag = get(&nodes[0], &path, "\"none\"").await.header("etag").to_owned();
    assert!(tag.len() > 20, "{tag}");
    for number in 1..4 {
        change(&db.pool, "sales_order", "comment = 'N$n'", number).await;
        for node in &nodes {
            let (answer, statements) = during(get(node, &path, &tag)).await;
            assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
            assert!(!statements.iter().any(|text| text.contains("FROM product")));
            assert_eq!(get(node, &path, "\"none\"").await.header("etag"), tag, "the same again");
        }
    }
    // Tags that name other tables are those of other answers, whatever they name.
    let (digest, _) = tag.split_once('.').expect("its tables");
    for other in [
        format!("{digest}\""),
        format!("{digest}.0\""),
        format!("{digest}.8000000000000000\""),
        format!("{digest}.ffffffffffffffff\""),
        format!("{digest}.x\""),
        format!("{digest}.\""),
    ] {
        assert_eq!(get(&nodes[0], &path, &other).await.status, StatusCode::OK, "{other}");
    }
    change(&db.pool, "product", "name = 'N$n'", 9).await;
    for node in &nodes {
        let answer = get(node, &path, &tag).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["data"]["product"]["name"], "N9");
        assert_ne!(answer.header("etag"), tag);
    }
}

async fn number(direct: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT substr(name, 2)::bigint FROM product WHERE product_id = 1")
        .fetch_one(direct)
        .await
        .expect("seen")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_older_than_a_commit_while_others_load() {
    let (db, nodes) = start().await;
    let nodes = Arc::new(nodes);
    let (table, query, set) = SHOWN[0];
    change(&db.pool, table, set, 0).await;
    let ended = Arc::new(AtomicBool::new(false));
    let mut tasks = tokio::task::JoinSet::new();
    for reader in 0..4 {
        let (nodes, ended) = (Arc::clone(&nodes), Arc::clone(&ended));
        let mut direct = PgConnection::connect(&db.url).await.expect("a connection");
        tasks.spawn(async move {
            let mut asked = reader;
            while !ended.load(Ordering::Relaxed) {
                let seen = number(&mut direct).await;
                let answer = ask(&nodes[asked % 2], query).await.json();
                let served = answer["data"]["product"]["name"].as_str().unwrap_or_default();
                let served: i64 = served[1..].parse().expect("a number");
                assert!(served >= seen, "{served} was served after {seen} had been seen");
                asked += 1;
            }
        });
    }
    let (url, loading) = (db.url.clone(), Arc::clone(&ended));
    tasks.spawn(async move {
        let mut loader = PgConnection::connect(&url).await.expect("a connection");
        while !loading.load(Ordering::Relaxed) {
            loader.execute("UPDATE sales_order SET comment = comment || 'x'").await.expect("loads");
        }
    });
    for round in 1..=60 {
        change(&db.pool, table, set, round).await;
        for node in nodes.iter() {
            for _ in 0..2 {
                let answer = ask(node, query).await.json();
                assert_eq!(answer["data"]["product"]["name"], Value::from(format!("N{round}")));
            }
        }
    }
    ended.store(true, Ordering::Relaxed);
    while let Some(task) = tasks.join_next().await {
        task.expect("nobody got old data");
    }
}
