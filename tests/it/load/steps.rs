//! Derived tables are brought up to date at the end of a run, once for each state of
//! the rows, whoever changed them.

use chrono::NaiveDate;
use salesgraph::graphql::{Engine, Limits};
use salesgraph::load::{Outcome, RunSummary};
use salesgraph::query::Reader;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::support::dialects::{Compression, compress};
use crate::support::draw::Draw;
use crate::support::forecast::{assert_all_as_worked_out, assert_as_worked_out};
use crate::support::sample::{self, ALL, DETAIL, HEADER, INVENTORY};
use crate::support::{TestApp, ask, write};

/// The steps that are due after sales have changed.
const BOTH: [&str; 2] = ["sales_rollup", "demand_forecast"];

/// Changes the quantity of some lines by hand.
const CHANGE: &str = "UPDATE sales_order_line SET order_quantity = order_quantity + 3, \
     line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity + 3), 6) WHERE ";

async fn loaded() -> TestApp {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let summary = app.load_small().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    assert_eq!(names(&summary), BOTH);
    assert!(summary.steps.iter().all(|step| step.rows_written > 1_000), "{summary:?}");
    app
}

fn names(summary: &RunSummary) -> Vec<&'static str> {
    summary.steps.iter().map(|step| step.step).collect()
}

/// The first days and the rows of the forecast's steps in the ledger, oldest first.
async fn ledger(app: &TestApp) -> Vec<(Option<NaiveDate>, i64)> {
    sqlx::query_as(
        "SELECT since, rows_written FROM load_step WHERE step = 'demand_forecast' ORDER BY id",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the ledger")
}

async fn change(app: &TestApp, sql: &str) {
    write(&app.pool, sql).await;
}

async fn day_of(app: &TestApp, which: &'static str) -> NaiveDate {
    app.value(which).await
}

#[tokio::test]
async fn a_step_is_done_once_for_each_state_of_the_rows() {
    let app = loaded().await;
    assert!(assert_all_as_worked_out(&app.pool, "after the load").await > 10_000);
    let first = ledger(&app).await;
    assert_eq!(first.len(), 1);

    let again = app.load_small().await;
    assert_eq!(names(&again), [""; 0], "nothing has changed");
    // The same rows in another version of the files: all are read, none is changed.
    for key in [HEADER, DETAIL] {
        app.put(key, compress(sample::clean().file(key), Compression::Gzip)).await;
    }
    let same = app.load_small().await;
    assert_eq!(same.totals.unchanged, same.totals.read);
    assert!(same.totals.read > 1_000 && names(&same).is_empty(), "{same:?}");
    change(&app, "UPDATE sales_order SET status = 1 WHERE sales_order_id = -1").await;
    change(&app, "UPDATE product SET name = name || ' II'").await;
    assert_eq!(names(&app.load_small().await), [""; 0], "no sale has changed");
    assert_eq!(ledger(&app).await, first);
}

#[tokio::test]
async fn changes_by_hand_are_derived_from_their_first_day_on() {
    let app = loaded().await;
    let middle = "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY order_date)::date \
                  FROM sales_order";
    let day = day_of(&app, middle).await;
    let of_day = "sales_order_id IN (SELECT sales_order_id FROM sales_order \
                  WHERE order_date::date >= ";
    change(&app, &format!("{CHANGE}{of_day}'{day}')")).await;
    let summary = app.load_small().await;
    assert_eq!(names(&summary), BOTH);
    let steps = ledger(&app).await;
    assert_eq!(steps[1].0, Some(day));
    assert!(steps[1].1 > 0 && steps[1].1 < steps[0].1, "{steps:?}");
    assert_as_worked_out(&app.pool, "after an update").await;

    // Moving an order affects its old day and its new one.
    let last = day_of(&app, "SELECT max(order_date)::date FROM sales_order").await;
    change(
        &app,
        "UPDATE sales_order SET order_date = order_date - interval '40 days' \
         WHERE order_date::date = (SELECT max(order_date)::date FROM sales_order)",
    )
    .await;
    app.load_small().await;
    assert_eq!(ledger(&app).await[2].0, Some(last - chrono::Days::new(40)));
    assert_as_worked_out(&app.pool, "after orders were moved").await;
    let horizon = day_of(&app, "SELECT max(date) FROM demand_forecast_date").await;
    let now_last = day_of(&app, "SELECT max(order_date)::date FROM sales_order").await;
    assert!(now_last < last);
    assert_eq!(horizon, now_last + chrono::Days::new(28), "the horizon follows the last order");

    change(&app, "DELETE FROM sales_order_line WHERE product_id % 2 = 0").await;
    app.load_small().await;
    assert!(assert_as_worked_out(&app.pool, "after lines were deleted").await > 0);

    change(&app, "TRUNCATE sales_order_line").await;
    app.load_small().await;
    assert_eq!(ledger(&app).await[4].0, None, "everything from the start");
    let left: i64 = app.value("SELECT count(*) FROM demand_forecast_span").await;
    assert_eq!(left, 0);
}

/// The derived tables depend on the rows alone, not on their history.
#[tokio::test]
async fn incremental_updates_equal_a_full_derivation() {
    let app = loaded().await;
    let mut draw = Draw::new(11);
    for round in 0..6 {
        let from = format!(
            "sales_order_id IN (SELECT sales_order_id FROM sales_order WHERE order_date >= \
             (SELECT percentile_disc(0.{}) WITHIN GROUP (ORDER BY order_date) FROM sales_order))",
            draw.between(1, 9)
        );
        for _ in 0..draw.between(1, 3) {
            let part = format!("sales_order_id % 7 = {} AND {from}", draw.below(7));
            let sql = match draw.below(4) {
                0 => format!("{CHANGE}{part}"),
                1 => format!("DELETE FROM sales_order_line WHERE {part}"),
                2 => format!(
                    "UPDATE sales_order SET order_date = order_date - interval '{} days' \
                     WHERE {part}",
                    draw.between(1, 30)
                ),
                _ => format!(
                    "UPDATE sales_order_line SET order_quantity = 1, unit_price = 1, \
                              unit_price_discount = 0, line_total = 1 WHERE {part}"
                ),
            };
            change(&app, &sql).await;
        }
        app.load_small().await;
        assert_as_worked_out(&app.pool, &format!("in round {round}")).await;
    }
}

#[tokio::test]
async fn rows_that_are_already_correct_are_not_written() {
    let app = loaded().await;
    let product = "SELECT min(product_id) FROM sales_order_line";
    change(&app, &format!("{CHANGE}product_id = ({product})")).await;
    change(&app, "INSERT INTO derivation_due SELECT step FROM derivation_step").await;
    let summary = app.load_small().await;
    let days = "SELECT count(*) FROM sales_by_product_day";
    let (all, of_product): (i64, i64) = (
        app.value("SELECT count(*) FROM sales_by_product_day").await,
        sqlx::query_scalar(AssertSqlSafe(format!("{days} WHERE product_id = ({product})")))
            .fetch_one(&app.pool)
            .await
            .expect("its days"),
    );
    // Each day of the product: one row by product and day, one by day.
    assert_eq!(summary.steps[0].rows_written, 2 * of_product, "of {all}: {summary:?}");
    assert!(all > 2 * of_product);
    assert!(summary.steps[1].rows_written <= of_product, "{summary:?}");
    assert_eq!(ledger(&app).await[1].0, None, "everything was checked");
}

#[tokio::test]
async fn a_change_of_the_inventory_makes_only_the_forecast_due() {
    let app = loaded().await;
    let stock = "SELECT sum(available_quantity)::bigint FROM demand_forecast_stock";
    let before: i64 = app.value(stock).await;
    change(&app, "UPDATE product_inventory SET quantity = 1 WHERE product_id = -1").await;
    assert_eq!(names(&app.load_small().await), [""; 0], "no row was changed");

    let product = "WHERE product_id = (SELECT min(product_id) FROM product_inventory)";
    change(&app, &format!("UPDATE product_inventory SET quantity = quantity + 5 {product}")).await;
    let places: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
        "SELECT count(*) FROM product_inventory {product}"
    )))
    .fetch_one(&app.pool)
    .await
    .expect("its places");
    assert_eq!(app.value::<i64>(stock).await, before, "a run derives it");
    assert_eq!(names(&app.load_small().await), ["demand_forecast"]);
    assert_eq!(app.value::<i64>(stock).await, before + 5 * places);
    assert_eq!(ledger(&app).await[1], (None, 1), "one product, and no sales");

    // A run that also finds changed sales records their first day.
    let last = day_of(&app, "SELECT max(order_date)::date FROM sales_order").await;
    change(&app, &format!("DELETE FROM product_inventory {product}")).await;
    change(
        &app,
        &format!(
            "{CHANGE}sales_order_id IN (SELECT sales_order_id FROM sales_order \
                        WHERE order_date::date = '{last}')"
        ),
    )
    .await;
    assert_eq!(names(&app.load_small().await), BOTH);
    assert_eq!(ledger(&app).await[2].0, Some(last));

    change(&app, "TRUNCATE product_inventory").await;
    assert_eq!(names(&app.load_small().await), ["demand_forecast"]);
    let left: i64 = app.value("SELECT count(*) FROM demand_forecast_stock").await;
    assert_eq!(left, 0);
    app.put(INVENTORY, compress(sample::clean().file(INVENTORY), Compression::Gzip)).await;
    let again = app.load_small().await;
    assert_eq!((names(&again), again.files.len()), (vec!["demand_forecast"], 1));
    assert_eq!(app.value::<i64>(stock).await, before);
}

#[tokio::test]
async fn failed_files_do_not_prevent_the_steps() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    app.put("more/Sales.Customer-bad.csv", "CustomerID;PersonID\r\n1;2\r\n").await;
    let summary = app.load_small().await;
    assert_eq!(summary.outcome, Outcome::Failed);
    assert_eq!(names(&summary), BOTH);
    assert!(assert_as_worked_out(&app.pool, "after a failed run").await > 1_000);
}

#[tokio::test]
async fn a_replayed_line_updates_the_derived_tables() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    let mut records = clean.records(DETAIL);
    let good = records[5].clone();
    let mut fields: Vec<&str> = good.split(';').collect();
    fields[3] = "many";
    records[5] = fields.join(";");
    clean.put(&app, &ALL).await;
    app.put(DETAIL, clean.with_records(DETAIL, &records)).await;
    assert_eq!(app.load_small().await.outcome, Outcome::SucceededWithRejects);
    let reject: String = app.value("SELECT concat(file_id, ':', line) FROM load_reject").await;

    let replayed = app.run(&["rejects", "replay", &reject, "--raw", &good]).await.expect(0);
    replayed.says(&["demand_forecast brought up to date: "]);
    assert_eq!(ledger(&app).await.len(), 2);
    assert_as_worked_out(&app.pool, "after a replay").await;
}

#[tokio::test]
async fn writers_of_lines_wait_neither_for_each_other_nor_for_a_step() {
    let app = loaded().await;
    let mut writers = Vec::new();
    for product in ["product_id % 2 = 0", "product_id % 2 = 1"] {
        let mut writer = PgConnection::connect_with(&app.database()).await.expect("a connection");
        let sql = format!("BEGIN; SET lock_timeout = '10s'; {CHANGE}{product}");
        writer.execute(AssertSqlSafe(sql)).await.expect("it waits for no other");
        writers.push(writer);
    }
    let summary = app.load_small().await;
    assert_eq!(names(&summary), [""; 0], "nothing is committed");
    for mut writer in writers {
        writer.execute("COMMIT").await.expect("committed");
        assert_eq!(names(&app.load_small().await), BOTH);
        assert_as_worked_out(&app.pool, "after a commit").await;
    }
}

#[tokio::test]
async fn the_table_the_summary_and_the_api_report_steps() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let summary = app.run(&["load", "--json"]).await.expect(0);
    let summary: Value = serde_json::from_str(&summary.out).expect("one JSON object");
    let rows = ledger(&app).await[0].1;
    assert_eq!(summary["steps"][1]["step"], "demand_forecast");
    assert_eq!(summary["steps"][1]["rows_written"], rows);
    assert!(summary["steps"][1]["seconds"].is_f64(), "{summary}");
    let all: i64 = app
        .value(
            "SELECT (SELECT count(*) FROM demand_forecast_span) \
               + (SELECT count(*) FROM demand_forecast_date) \
               + (SELECT count(*) FROM demand_forecast_stock)",
        )
        .await;
    assert_eq!(rows, all, "each row is written once");

    let engine = Engine::new(Reader::new(app.pool.clone()), Limits::default());
    let answer = ask(
        &engine,
        "{ loadRuns { nodes { state steps { totalCount nodes { step since rowsWritten
             startedAt finishedAt dataVersion run { state } } } } } }",
    )
    .await;
    let steps = &answer["data"]["loadRuns"]["nodes"][0]["steps"];
    assert_eq!(steps["totalCount"], 2, "{answer}");
    let step = &steps["nodes"][1];
    assert_eq!(step["step"], "demand_forecast");
    assert_eq!(step["rowsWritten"], rows);
    assert_eq!(step["run"], json!({ "state": "SUCCEEDED" }));
    let first: String = app.value("SELECT min(order_date)::date::text FROM sales_order").await;
    assert_eq!(step["since"], first);
    assert!(step["startedAt"].as_str() < step["finishedAt"].as_str(), "{step}");
    let version: i64 = app.value("SELECT version FROM data_version").await;
    assert!(step["dataVersion"].as_i64().is_some_and(|made_from| made_from < version), "{step}");

    change(&app, &format!("{CHANGE}true")).await;
    app.run(&["load"]).await.expect(0).says(&[
        "\ndemand_forecast brought up to date: ",
        " s\n",
        "\nsucceeded\n",
    ]);
}
