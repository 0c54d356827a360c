//! Snapshots: what the tables were, for as long as they are kept, and over the API.

use std::time::Duration;

use salesgraph::auth::{Grants, Scope};
use salesgraph::graphql::{Engine, Limits};
use salesgraph::lake::curated::CuratedOptions;
use salesgraph::query::Reader;
use serde_json::{Value, json};

use crate::support::lake::{LakeReader, USUAL, totals};
use crate::support::sample::{self, ALL};
use crate::support::{TestApp, ask, write};

const CHANGE: &str = "UPDATE sales_order_line SET order_quantity = order_quantity + 1, \
     line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity + 1), 6) \
     WHERE sales_order_detail_id % 17 = 0";

#[tokio::test]
async fn a_table_can_be_read_as_it_was_until_the_snapshot_expires() {
    let app = TestApp::start().await;
    let Some(mut reader) = app.lake_reader("earlier snapshots").await else { return };
    sample::clean().put(&app, &ALL).await;
    app.load_lake().await;
    let before = totals(&app).await;
    let first = reader.ask("current", &[json!("sales")]).await;
    write(&app.pool, CHANGE).await;
    app.load_lake().await;
    let after = totals(&app).await;
    assert_ne!(before["total"], after["total"]);
    assert_eq!(reader.ask("pyiceberg", &[json!("sales")]).await, after);
    assert_eq!(reader.ask("pyiceberg", &[json!("sales"), first.clone()]).await, before);
    assert_eq!(app.lake_objects().await, reader.reachable().await);

    let short = CuratedOptions { snapshot_keep: Duration::from_millis(1), ..USUAL };
    write(&app.pool, CHANGE).await;
    app.load_lake_with(short).await;
    let count = async |reader: &mut LakeReader, table: &str| {
        let summaries = reader.ask("summaries", &[]).await;
        summaries[table]["snapshots"].as_array().map(Vec::len)
    };
    for table in ["sales", "sales_order_line"] {
        let found = count(&mut reader, table).await;
        assert_eq!(found, Some(2), "{table}: one was current until a moment ago");
    }
    assert_eq!(app.lake_objects().await, reader.reachable().await);
    // Nothing has changed, but it is past its term.
    app.load_lake_with(short).await;
    for table in ["sales", "sales_order_line", "product"] {
        assert_eq!(count(&mut reader, table).await, Some(1), "{table}");
    }
    let known: i64 = app.value("SELECT count(*) FROM lake_snapshot").await;
    assert_eq!(known, 11);
    reader.compare().await;
    assert_eq!(app.lake_objects().await, reader.reachable().await, "objects that nobody needs");
    let left: i64 = app.value("SELECT count(*) FROM lake_removal").await;
    assert_eq!(left, 0);
    let metadata: String = app.value(METADATA).await;
    app.load_lake_with(short).await;
    assert_eq!(app.value::<String>(METADATA).await, metadata, "nothing is left to expire");
}

const METADATA: &str =
    "SELECT string_agg(metadata_location, ' ' ORDER BY table_name) FROM lake.iceberg_tables";

const TABLES: &str = "{ lakeTables(first: 50, orderBy: [{ field: NAME }]) { nodes { name isCurrent \
     location metadataLocation snapshots(first: 10) { nodes { snapshotId dataVersion committedAt \
     rowCount files bytes filesAdded filesRemoved run { runId } } } } } }";

#[tokio::test]
async fn the_api_tells_of_the_tables() {
    let app = TestApp::start().await;
    let Some(mut reader) = app.lake_reader("the tables that the API tells of").await else {
        return;
    };
    sample::clean().put(&app, &ALL).await;
    let summary = app.load_lake().await;
    let engine = Engine::new(Reader::new(app.pool.clone()), Limits::default());
    let tables = async || {
        let answer = ask(&engine, TABLES).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        answer["data"]["lakeTables"]["nodes"].as_array().expect("tables").clone()
    };
    let found = tables().await;
    assert_eq!(found.len(), 11);
    let summaries = reader.ask("summaries", &[]).await;
    for table in &found {
        let name = table["name"].as_str().expect("a name");
        assert_eq!(table["isCurrent"], true, "{name}");
        let snapshots = table["snapshots"]["nodes"].as_array().expect("snapshots");
        assert_eq!(snapshots.len(), 1, "{name}");
        let snapshot = &snapshots[0];
        assert_eq!(json!([snapshot["dataVersion"]]), summaries[name]["snapshots"], "{name}");
        assert_eq!(snapshot["rowCount"], summaries[name]["rows"], "{name}");
        assert_eq!(snapshot["snapshotId"], reader.ask("current", &[json!(name)]).await, "{name}");
        let run = summary.run_id.expect("a run").to_string();
        assert_eq!(snapshot["run"]["runId"], run, "{name}");
        let (files, bytes) = (snapshot["files"].as_i64(), snapshot["bytes"].as_i64());
        assert!(files > Some(0) && bytes > Some(500), "{name}: {snapshot}");
    }
    let version = |tables: &[Value]| {
        tables
            .iter()
            .map(|table| table["snapshots"]["nodes"][0]["dataVersion"].clone())
            .collect::<std::collections::HashSet<_>>()
    };
    assert_eq!(version(&found).len(), 1, "all tables were committed at once");

    write(&app.pool, CHANGE).await;
    let stale: Vec<Value> = tables()
        .await
        .into_iter()
        .filter(|table| table["isCurrent"] == false)
        .map(|table| table["name"].clone())
        .collect();
    assert_eq!(stale, [json!("sales"), json!("sales_order_line")]);
    app.load_lake().await;
    let found = tables().await;
    assert!(found.iter().all(|table| table["isCurrent"] == true));
    let sales = found.iter().find(|table| table["name"] == "sales").expect("sales");
    assert_eq!(sales["snapshots"]["nodes"].as_array().map(Vec::len), Some(2));

    let limited = Scope::new(None, Grants::known_in("sales:read"), None);
    let prepared = engine.prepare(async_graphql::Request::new(TABLES));
    let answer = engine.execute(prepared, &limited).await;
    let answer: Value = serde_json::from_slice(&answer.to_json().expect("JSON")).expect("JSON");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
}
