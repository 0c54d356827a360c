//! Other programs read the tables, and answer as Postgres does, to the last digit.

use crate::support::TestApp;
use crate::support::lake::{LakeReader, totals};
use crate::support::sample::{self, ALL};
use serde_json::json;

/// A loaded lake of generated files.
async fn filled(for_what: &str) -> Option<(TestApp, LakeReader)> {
    let app = TestApp::start().await;
    let reader = app.lake_reader(for_what).await?;
    sample::clean().put(&app, &ALL).await;
    let summary = app.load_lake().await;
    let step = summary.steps.last().expect("steps");
    assert_eq!(step.step, "lake");
    assert!(step.rows_written > 8_000, "{step:?}");
    Some((app, reader))
}

#[tokio::test]
async fn every_row_is_read_as_it_is_in_postgres() {
    let Some((app, mut reader)) = filled("the rows of all tables by PyIceberg").await else {
        return;
    };
    let found = reader.compare().await;
    let state = app.snapshot().await;
    for (table, (rows, _)) in &state.tables {
        assert_eq!(found[table], *rows, "{table}");
    }
    assert_eq!(found["sales"], state.rows("sales_order_line"));
    let reachable = reader.reachable().await;
    assert_eq!(app.lake_objects().await, reachable, "objects, and those that are needed");
}

#[tokio::test]
async fn engines_answer_as_sql_does() {
    let Some((app, mut reader)) = filled("totals by PyIceberg, DuckDB, Polars").await else {
        return;
    };
    let expected = totals(&app).await;
    assert!(expected["months"].as_object().expect("months").len() > 30, "{expected}");
    for engine in ["pyiceberg", "duckdb", "polars"] {
        for table in ["sales", "sales_order_line"] {
            let found = reader.ask(engine, &[json!(table)]).await;
            assert_eq!(found, expected, "{engine}, {table}");
        }
    }
}

#[tokio::test]
async fn files_are_left_out_by_the_order_date() {
    let Some((_app, mut reader)) = filled("files that a filter leaves out").await else { return };
    for table in ["sales", "sales_order", "sales_order_line"] {
        let arguments = [json!(table), json!("2013-01-01"), json!("2013-03-01")];
        let found = reader.ask("pruned", &arguments).await;
        let (all, some) = (found[0].as_i64().expect("all"), found[1].as_i64().expect("some"));
        assert!(all > 30, "{table}: {found}");
        assert_eq!(some, 2, "{table}: {found}");
    }
}

#[tokio::test]
async fn columns_have_types_that_every_reader_knows() {
    let Some((_app, mut reader)) = filled("the columns by PyIceberg").await else { return };
    let sales = reader.ask("schema", &[json!("sales")]).await;
    for (name, ty) in [
        ("line_total", "decimal(19, 6)"),
        ("unit_price", "decimal(19, 4)"),
        ("order_quantity", "int"),
        ("order_date", "timestamp"),
        ("loaded_at", "timestamp"),
        ("status", "string"),
        ("product_line", "string"),
        ("rowguid", "string"),
        ("online_order_flag", "boolean"),
        ("source_line", "long"),
        ("territory_name", "string"),
    ] {
        assert_eq!(sales[name][1], ty, "{name}");
    }
    assert_eq!(sales["sales_order_id"][2], true, "the key is required");
    assert_eq!(sales["product_name"][2], false, "a product may be missing");
    for table in ["sales", "person"] {
        let schema = reader.ask("schema", &[json!(table)]).await;
        let names: Vec<&String> = schema.as_object().expect("columns").keys().collect();
        assert!(names.iter().all(|name| !name.ends_with("last_name")), "{table}: {names:?}");
    }
}
