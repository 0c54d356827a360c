//! What has changed is written, and nothing else, whoever has changed it.

use std::collections::BTreeSet;

use salesgraph::lake::curated::CuratedOptions;
use salesgraph::load::RunSummary;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::support::cluster::is_left_out;
use crate::support::draw::Draw;
use crate::support::lake::{LakeReader, USUAL};
use crate::support::sample::{self, ALL};
use crate::support::{TestApp, write};

/// A loaded lake of generated files.
async fn filled(for_what: &str) -> Option<(TestApp, LakeReader)> {
    let app = TestApp::start().await;
    let reader = app.lake_reader(for_what).await?;
    sample::clean().put(&app, &ALL).await;
    app.load_lake().await;
    Some((app, reader))
}

fn has_written(summary: &RunSummary) -> bool {
    summary.steps.iter().any(|step| step.step == "lake")
}

async fn change(app: &TestApp, sql: &str) {
    write(&app.pool, sql).await;
}

async fn files(reader: &mut LakeReader, table: &str) -> BTreeSet<String> {
    serde_json::from_value(reader.ask("files", &[json!(table)]).await).expect("paths")
}

/// Months whose files are not those of before.
async fn replaced(
    reader: &mut LakeReader,
    table: &str,
    before: &BTreeSet<String>,
) -> BTreeSet<String> {
    let after = files(reader, table).await;
    let month = |path: &String| {
        let of = path.split("order_date_month=").nth(1).unwrap_or("all");
        of.split('/').next().unwrap_or_default().to_owned()
    };
    before.symmetric_difference(&after).map(month).collect()
}

fn months<const N: usize>(months: [&str; N]) -> BTreeSet<String> {
    months.map(str::to_owned).into()
}

/// How many snapshots each table has.
async fn snapshots(reader: &mut LakeReader, table: &str) -> usize {
    let found = reader.ask("summaries", &[]).await;
    found[table]["snapshots"].as_array().expect("snapshots").len()
}

const MORE: &str = "UPDATE sales_order_line SET order_quantity = order_quantity + 3, \
     line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity + 3), 6) \
     WHERE sales_order_id IN (SELECT sales_order_id FROM sales_order \
         WHERE date_trunc('month', order_date) = ";

#[tokio::test]
async fn only_partitions_that_have_changed_are_replaced() {
    let Some((app, mut reader)) = filled("files of changed partitions").await else { return };
    let mut before = Vec::new();
    for table in ["sales", "sales_order_line", "sales_order", "product"] {
        before.push((table, files(&mut reader, table).await));
    }
    change(&app, &format!("{MORE} '2013-05-01')")).await;
    let summary = app.load_lake().await;
    assert!(has_written(&summary), "{:?}", summary.steps);
    for (table, files) in &before {
        let expected = match *table {
            "sales" | "sales_order_line" => months(["2013-05"]),
            _ => BTreeSet::new(),
        };
        assert_eq!(replaced(&mut reader, table, files).await, expected, "{table}");
        let count = if expected.is_empty() { 1 } else { 2 };
        assert_eq!(snapshots(&mut reader, table).await, count, "{table}");
    }
    reader.compare().await;
    let summaries = reader.ask("summaries", &[]).await;
    assert_eq!(summaries["sales"]["operation"], "overwrite");
    assert_eq!(summaries["sales"]["run"], summary.run_id.expect("a run").to_string());

    let again = app.load_lake().await;
    assert!(!has_written(&again), "nothing has changed: {:?}", again.steps);
    assert_eq!(snapshots(&mut reader, "sales").await, 2);
    let notes: i64 = app.value("SELECT count(*) FROM lake_due").await;
    assert_eq!(notes, 0);
}

#[tokio::test]
async fn an_order_that_moves_takes_its_lines_along() {
    let Some((app, mut reader)) = filled("lines of a moved order").await else { return };
    let lines = files(&mut reader, "sales_order_line").await;
    let moved = "UPDATE sales_order SET order_date = '2012-02-14' WHERE sales_order_id = (
        SELECT min(sales_order_id) FROM sales_order WHERE order_date >= '2013-08-01'
            AND order_date < '2013-09-01')";
    change(&app, moved).await;
    app.load_lake().await;
    let found = replaced(&mut reader, "sales_order_line", &lines).await;
    assert_eq!(found, months(["2012-02", "2013-08"]));
    reader.compare().await;

    let state =
        "UPDATE sales_order SET status = 6 WHERE date_trunc('month', order_date) = '2013-01-01'";
    let (lines, orders) =
        (files(&mut reader, "sales_order_line").await, files(&mut reader, "sales_order").await);
    change(&app, state).await;
    app.load_lake().await;
    assert_eq!(replaced(&mut reader, "sales_order_line", &lines).await, months([]));
    assert_eq!(replaced(&mut reader, "sales_order", &orders).await, months(["2013-01"]));
    reader.compare().await;

    let gone = "WITH orders AS (SELECT sales_order_id FROM sales_order
            WHERE date_trunc('month', order_date) = '2012-05-01'),
        lines AS (DELETE FROM sales_order_line WHERE sales_order_id IN (SELECT * FROM orders))
        SELECT 1";
    change(&app, gone).await;
    change(&app, "DELETE FROM sales_order WHERE date_trunc('month', order_date) = '2012-05-01'")
        .await;
    app.load_lake().await;
    let after = files(&mut reader, "sales").await;
    assert!(after.iter().all(|path| !path.contains("2012-05")), "{after:?}");
    reader.compare().await;
}

#[tokio::test]
async fn a_changed_product_is_in_the_months_of_its_sales() {
    let Some((app, mut reader)) = filled("the wide table after other tables").await else { return };
    let product: i32 = app
        .value("SELECT product_id FROM sales_order_line GROUP BY 1 ORDER BY count(*), 1 LIMIT 1")
        .await;
    let sales = files(&mut reader, "sales").await;
    let lines = files(&mut reader, "sales_order_line").await;
    change(&app, &format!("UPDATE product SET name = 'New' WHERE product_id = {product}")).await;
    app.load_lake().await;
    let expected: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT to_char(order_date, 'YYYY-MM') FROM sales_order_line \
         JOIN sales_order USING (sales_order_id) WHERE product_id = $1",
    )
    .bind(product)
    .fetch_all(&app.pool)
    .await
    .expect("months");
    assert_eq!(replaced(&mut reader, "sales", &sales).await, expected.into_iter().collect());
    assert_eq!(replaced(&mut reader, "sales_order_line", &lines).await, months([]));
    reader.compare().await;
    for sql in [
        "UPDATE customer SET account_number = 'AW99' WHERE customer_id = (
            SELECT min(customer_id) FROM sales_order)",
        "UPDATE territory SET name = name || ' II' WHERE territory_id = 4",
        "UPDATE currency_rate SET average_rate = average_rate + 1 WHERE currency_rate_id < 50",
        "DELETE FROM product_inventory WHERE bin > 3",
    ] {
        change(&app, sql).await;
        assert!(has_written(&app.load_lake().await), "{sql}");
        reader.compare().await;
    }
    let sales = files(&mut reader, "sales").await;
    change(&app, "UPDATE person SET title = 'Dr.', modified_date = modified_date + interval '1 s'")
        .await;
    app.load_lake().await;
    assert_eq!(replaced(&mut reader, "sales", &sales).await, months([]), "no person is in it");
}

#[tokio::test]
async fn changes_that_nobody_wrote_are_written_later() {
    let Some((app, mut reader)) = filled("changes without a lake").await else { return };
    for day in 1..=3 {
        change(&app, &format!("{MORE} '2013-0{day}-01')")).await;
        // Without a lake.
        app.load().await;
    }
    let sales = files(&mut reader, "sales").await;
    app.load_lake().await;
    let found = replaced(&mut reader, "sales", &sales).await;
    assert_eq!(found, months(["2013-01", "2013-02", "2013-03"]));
    reader.compare().await;

    // Too many to keep: all is written anew.
    change(
        &app,
        "INSERT INTO lake_due (table_name, months) \
        SELECT 'sales_order', '{2013-01-01}' FROM generate_series(1, 1001)",
    )
    .await;
    change(&app, &format!("{MORE} '2013-04-01')")).await;
    app.load().await;
    let notes: i64 = app.value("SELECT count(*) FROM lake_due").await;
    assert_eq!(notes, 1);
    app.load_lake().await;
    assert_eq!(snapshots(&mut reader, "product").await, 2);
    reader.compare().await;
}

#[tokio::test]
async fn changes_past_the_triggers_are_written() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let Some((app, mut reader)) = filled("changes of replicas").await else { return };
    let mut session = PgConnection::connect(&app.database_url()).await.expect("a connection");
    session.execute("SET session_replication_role = replica").await.expect("a superuser");
    // Logical replication fires no trigger of statements.
    change(&app, "ALTER TABLE sales_order_line DISABLE TRIGGER lake_note_update").await;
    let sql = format!("{MORE} '2013-02-01')");
    session.execute(AssertSqlSafe(sql)).await.expect("a change");
    change(&app, "ALTER TABLE sales_order_line ENABLE ALWAYS TRIGGER lake_note_update").await;
    let notes: i64 = app.value("SELECT count(*) FROM lake_due WHERE table_name IS NULL").await;
    assert_eq!(notes, 1, "a note of any change, once");
    let behind: i64 = app.value("SELECT count(*) FROM lake_behind").await;
    assert_eq!(behind, 11);
    assert!(has_written(&app.load_lake().await));
    reader.compare().await;

    change(&app, "ALTER TABLE sales_order_line DISABLE TRIGGER ALL").await;
    change(&app, &format!("{MORE} '2013-03-01')")).await;
    change(&app, "ALTER TABLE sales_order_line ENABLE TRIGGER ALL").await;
    assert!(has_written(&app.load_lake().await));
    reader.compare().await;

    change(&app, "TRUNCATE sales_order_line").await;
    app.load_lake().await;
    let found = reader.compare().await;
    assert_eq!((&found["sales"], &found["sales_order_line"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn changes_of_every_table_are_noted() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let Some((app, _reader)) = filled("triggers of all tables").await else { return };
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name FROM lake.iceberg_tables WHERE table_name <> 'sales' ORDER BY 1",
    )
    .fetch_all(&app.pool)
    .await
    .expect("tables");
    assert_eq!(tables.len(), 10);
    for table in tables {
        let triggers: String = sqlx::query_scalar(
            "SELECT string_agg(tgname || ' ' || tgenabled::text, ', ' ORDER BY tgname) \
             FROM pg_trigger WHERE tgrelid = $1::text::regclass AND tgname ~ '^lake_note_'",
        )
        .bind(&table)
        .fetch_one(&app.pool)
        .await
        .expect("triggers");
        let all = "lake_note_delete A, lake_note_insert A, lake_note_row R, \
                   lake_note_truncate A, lake_note_update A";
        assert_eq!(triggers, all, "{table}");
        change(
            &app,
            &format!(
                "UPDATE {table} SET loaded_at = loaded_at WHERE ctid = ( \
                     SELECT ctid FROM {table} LIMIT 1)"
            ),
        )
        .await;
        let behind: Vec<String> = sqlx::query_scalar("SELECT name FROM lake_behind")
            .fetch_all(&app.pool)
            .await
            .expect("tables");
        assert!(behind.contains(&table), "{table} is not behind: {behind:?}");
        let is_wide = ["sales_order", "sales_order_line", "product", "customer", "territory"]
            .contains(&table.as_str());
        assert_eq!(behind.contains(&"sales".to_owned()), is_wide, "{table}: {behind:?}");
        change(&app, "DELETE FROM lake_due").await;
    }
}

#[tokio::test]
async fn persons_are_in_the_lake_only_where_they_are_wanted() {
    let Some((app, mut reader)) = filled("columns of persons").await else { return };
    let names = async |reader: &mut LakeReader| {
        let (sales, person) = (
            reader.ask("schema", &[json!("sales")]).await,
            reader.ask("schema", &[json!("person")]).await,
        );
        (
            sales["person_last_name"].clone(),
            person["last_name"].clone(),
            sales["line_total"].clone(),
        )
    };
    let (_, _, total) = names(&mut reader).await;
    let persons = CuratedOptions { persons: true, ..USUAL };
    app.load_lake_with(persons).await;
    let (of_sales, of_person, same) = names(&mut reader).await;
    assert_eq!((&of_sales[1], &of_person[1], same), (&json!("string"), &json!("string"), total));
    reader.compare().await;
    let found = reader.ask("bounds", &[json!("person"), json!("last_name")]).await;
    assert_eq!(found, Value::Null, "personal data are in a manifest");

    let sales = files(&mut reader, "sales").await;
    change(
        &app,
        "UPDATE person SET last_name = 'Silva' WHERE business_entity_id IN (
        SELECT person_id FROM customer JOIN sales_order USING (customer_id) LIMIT 1)",
    )
    .await;
    app.load_lake_with(persons).await;
    assert!(!replaced(&mut reader, "sales", &sales).await.is_empty());
    reader.compare().await;

    app.load_lake().await;
    let (of_sales, of_person, _) = names(&mut reader).await;
    assert_eq!((of_sales, of_person), (Value::Null, Value::Null));
    reader.compare().await;
}

/// Any changes in any order, by several writers at once.
#[tokio::test]
async fn the_lake_equals_postgres_after_random_changes() {
    let Some((app, mut reader)) = filled("random changes").await else { return };
    let mut draw = Draw::new(17);
    for round in 0..8 {
        let mut writers = Vec::new();
        for _ in 0..3 {
            let (month, order) = (draw.below(30), draw.below(600));
            let sql = match draw.below(6) {
                0 => format!("{MORE} date '2011-06-01' + interval '{month} months')"),
                1 => format!(
                    "UPDATE sales_order SET order_date = order_date + interval '{month} days' \
                     WHERE sales_order_id % 97 = {order} % 97"
                ),
                2 => {
                    format!("DELETE FROM sales_order_line WHERE sales_order_id % 53 = {order} % 53")
                }
                3 => format!(
                    "UPDATE product SET list_price = list_price + {month} WHERE product_id % 41 = {month}"
                ),
                4 => format!(
                    "UPDATE sales_order SET status = 1 + {month} % 6 WHERE sales_order_id % 61 = {order} % 61"
                ),
                _ => format!(
                    "UPDATE customer SET territory_id = 1 + {month} % 10 WHERE customer_id % 31 = {month}"
                ),
            };
            let pool = app.pool.clone();
            writers.push(tokio::spawn(async move {
                // Two may wait for each other: one of them then gives way, as it would anywhere.
                let _ = pool.execute(AssertSqlSafe(sql)).await;
            }));
        }
        // The lake is written while they write.
        app.load_lake().await;
        for writer in writers {
            writer.await.expect("it does not panic");
        }
        app.load_lake().await;
        reader.compare().await;
        let notes: i64 = app.value("SELECT count(*) FROM lake_due").await;
        assert_eq!(notes, 0, "round {round}");
    }
    let reachable = reader.reachable().await;
    assert_eq!(app.lake_objects().await, reachable);
}
