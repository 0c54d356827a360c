//! A load that is killed while foreign keys and indexes are set aside: every later command knows,
//! and the next load or migration puts them back.

use salesgraph::config::LoadMode;
use salesgraph::load::Outcome;
use serde_json::json;

use crate::support::TestApp;
use crate::support::aside::{Halted, definitions, execute};
use crate::support::cluster::is_left_out;
use crate::support::commands::{ask, state_with_commands};
use crate::support::http::TestServer;
use crate::support::sample::{self, ALL};

const KILLED: &str =
    "the load was killed; `salesgraph load` or `salesgraph migrate up` puts them back";

async fn filled() -> (TestApp, Vec<String>) {
    let app = TestApp::start().await;
    sample::defective().put(&app, &ALL).await;
    let before = definitions(&app.pool).await;
    (app, before)
}

/// What is there after the kill is known, and after a load all is as if nothing had happened.
async fn assert_mended(app: &TestApp, before: Vec<String>) {
    app.run(&["migrate", "status"]).await.expect(0).says(&["set aside  ", KILLED]);
    let server = TestServer::serve(state_with_commands(app)).await;
    let answer = ask(&server, "{ salesOrders(first: 2) { totalCount } }", json!({})).await.json();
    assert!(answer["data"]["salesOrders"]["totalCount"].is_i64(), "{answer}");

    // Whether there is anything to load depends on when it was killed.
    let ended = app.run(&["load"]).await;
    assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
    assert_eq!(definitions(&app.pool).await, before);
    let left: i64 = app.value("SELECT count(*) FROM load_set_aside").await;
    assert_eq!(left, 0);
    let (undisturbed, _) = filled().await;
    undisturbed.load_small().await;
    assert_eq!(app.snapshot().await, undisturbed.snapshot().await);
}

#[tokio::test]
async fn killed_before_the_first_row() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let (app, before) = filled().await;
    Halted::start(&app).await.kill(&app, None).await;
    let loaded: i64 = app.value("SELECT count(*) FROM load_checkpoint").await;
    assert_eq!(loaded, 0);
    assert_mended(&app, before).await;
}

#[tokio::test]
async fn killed_amid_the_rows() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let (app, before) = filled().await;
    let mut halted = Halted::start(&app).await;
    halted.go_on().await;
    app.wait_until("SELECT sum(batches) > 5 FROM load_checkpoint").await;
    halted.kill(&app, None).await;
    assert_mended(&app, before).await;
}

#[tokio::test]
async fn killed_when_some_indexes_are_back() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let (app, before) = filled().await;
    let mut halted = Halted::start(&app).await;
    let hold = halted.go_on_until(&app, "sales_order_total_due").await;
    halted.kill(&app, Some(hold)).await;
    assert_mended(&app, before).await;
}

#[tokio::test]
async fn killed_when_a_foreign_key_is_back_and_not_validated() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let (app, before) = filled().await;
    let mut halted = Halted::start(&app).await;
    let hold = halted.go_on_until(&app, "sales_order_customer_id_fkey").await;
    halted.kill(&app, Some(hold)).await;
    let validated: bool = app
        .value(
            "SELECT convalidated FROM pg_constraint WHERE conname = 'sales_order_customer_id_fkey'",
        )
        .await;
    assert!(!validated);
    assert_mended(&app, before).await;
}

#[tokio::test]
async fn a_migration_puts_back_what_a_killed_load_has_left() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let (app, before) = filled().await;
    Halted::start(&app).await.kill(&app, None).await;
    app.run(&["migrate", "up"]).await.expect(0).says(&["put back ", "that a load had set aside"]);
    assert_eq!(definitions(&app.pool).await, before);
    // What it drops, it can put back first.
    Halted::start(&app).await.kill(&app, None).await;
    app.run(&["migrate", "down"]).await.expect(0).says(&["reverted"]);
    app.run(&["migrate", "up"]).await.expect(0);
    assert_eq!(definitions(&app.pool).await, before);
}

#[tokio::test]
async fn other_runs_put_back_what_a_killed_load_has_left() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let (app, before) = filled().await;
    app.load_small().await;
    sqlx::raw_sql(
        "TRUNCATE person, product, customer, special_offer_product, sales_order, \
           sales_order_line, product_inventory; UPDATE load_file SET etag = etag || '-old'",
    )
    .execute(&app.pool)
    .await
    .expect("the tables are emptied");

    Halted::start(&app).await.kill(&app, None).await;
    let ended = app.run(&["rejects", "replay"]).await;
    assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
    assert_eq!(definitions(&app.pool).await, before);
}

/// A mirrored load removes rows, which foreign keys must be back for.
#[tokio::test]
async fn a_mirrored_first_load_has_its_foreign_keys_back() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let before = definitions(&app.pool).await;
    let load = app.loader(|options| {
        options.limits.rows = 200;
        options.mode = LoadMode::Mirror;
    });
    let summary = load.await.run().await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    assert_eq!(definitions(&app.pool).await, before);
}

#[tokio::test]
async fn a_parent_that_is_gone_is_named_and_nothing_is_lost() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let (app, before) = filled().await;
    let mut halted = Halted::start(&app).await;
    let mut hold = halted.go_on_until(&app, "sales_order_customer_id_fkey").await;
    let mut other = app.pool.acquire().await.expect("a connection").detach();
    execute(
        &mut other,
        "SET session_replication_role = replica; \
         CREATE TABLE gone AS SELECT * FROM customer \
         WHERE customer_id = (SELECT min(customer_id) FROM sales_order); \
         DELETE FROM customer USING gone WHERE customer.customer_id = gone.customer_id",
    )
    .await;
    let orders: i64 =
        app.value("SELECT count(*) FROM sales_order JOIN gone USING (customer_id)").await;
    execute(&mut hold, "COMMIT").await;
    let ended = halted.loader.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned()
        + &String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    let rows = format!("{orders} rows lack their parent");
    for part in ["sales_order_customer_id_fkey of sales_order", &rows, "salesgraph migrate up"] {
        assert!(said.contains(part), "'{part}' is not in: {said}");
    }
    app.run(&["migrate", "up"]).await.expect(1);
    let other_left: i64 = app.value("SELECT count(*) FROM load_set_aside").await;
    assert_eq!(other_left, 1, "all else is back");

    execute(&mut other, "INSERT INTO customer SELECT * FROM gone; DROP TABLE gone").await;
    app.run(&["migrate", "up"]).await.expect(0).says(&["put back 1 "]);
    assert_eq!(definitions(&app.pool).await, before);
}
