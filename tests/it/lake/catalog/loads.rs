//! Loads, as other programs read them.

use std::collections::BTreeSet;
use std::time::Duration;

use salesgraph::lake::curated::{Curated, CuratedOptions};
use serde_json::{Value, json};

use crate::support::draw::Draw;
use crate::support::lake::{LakeReader, USUAL, totals};
use crate::support::lossy_proxy::{Loss, LossyProxy};
use crate::support::sample::{self, ALL};
use crate::support::seaweed::RestLake;
use crate::support::write;

pub(super) async fn filled(for_what: &str) -> Option<(RestLake, LakeReader)> {
    let lake = RestLake::start(for_what).await?;
    sample::clean().put(&lake.app, &ALL).await;
    lake.load().await;
    let reader = lake.reader();
    Some((lake, reader))
}

/// Likewise, with a proxy before the catalogue that has lost nothing so far. The reader is not
/// behind it.
pub(super) async fn filled_through<F>(
    for_what: &str,
    loss: F,
) -> Option<(RestLake, LakeReader, LossyProxy)>
where
    F: Fn(&str, usize) -> Loss + Send + Sync + 'static,
{
    let mut lake = RestLake::start(for_what).await?;
    let reader = lake.reader();
    let proxy = LossyProxy::start(&lake.endpoint, loss).await;
    proxy.pause();
    lake.endpoint = proxy.endpoint();
    sample::clean().put(&lake.app, &ALL).await;
    lake.load().await;
    proxy.resume();
    Some((lake, reader, proxy))
}

/// Whether a request is a commit to one table.
pub(super) fn is_commit(line: &str) -> bool {
    line.starts_with("POST") && line.contains("/tables/")
}

/// The data files of a table.
pub(super) async fn files(reader: &mut LakeReader, table: &str) -> BTreeSet<String> {
    serde_json::from_value(reader.ask("files", &[json!(table)]).await).expect("paths")
}

/// Fails unless files of May alone were replaced.
pub(super) fn assert_may(before: &BTreeSet<String>, after: &BTreeSet<String>) {
    let replaced: Vec<&String> = before.symmetric_difference(after).collect();
    assert!(replaced.len() >= 2, "{replaced:?}");
    for path in replaced {
        assert!(path.contains("order_date_month=2013-05"), "{path} was replaced");
    }
}

pub(super) const MAY: &str = "UPDATE sales_order_line SET order_quantity = order_quantity + 3, \
     line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity + 3), 6) \
     WHERE sales_order_id IN (SELECT sales_order_id FROM sales_order \
         WHERE date_trunc('month', order_date) = '2013-05-01')";

pub(super) async fn change(lake: &RestLake, sql: &str) {
    write(&lake.app.pool, sql).await;
}

/// How many snapshots a table has.
pub(super) async fn snapshots(reader: &mut LakeReader, table: &str) -> usize {
    let found = reader.ask("summaries", &[]).await;
    found[table]["snapshots"].as_array().expect("snapshots").len()
}

#[tokio::test]
async fn loads_are_read_through_the_catalogue() {
    let Some((lake, mut reader)) = filled("a lake in a REST catalogue").await else { return };
    lake.assert_whole(&mut reader).await;
    let before = totals(&lake.app).await;
    assert_eq!(reader.ask("pyiceberg", &[json!("sales")]).await, before);
    assert_eq!(reader.ask("polars", &[json!("sales")]).await, before);
    assert_eq!(reader.ask("duckdb", &[json!("sales")]).await, before);
    let first = reader.ask("current", &[json!("sales")]).await;

    let before_may = files(&mut reader, "sales").await;
    change(&lake, MAY).await;
    let summary = lake.load().await;
    assert!(summary.steps.iter().any(|step| step.step == "lake"), "{:?}", summary.steps);
    assert_may(&before_may, &files(&mut reader, "sales").await);
    assert_eq!(snapshots(&mut reader, "sales").await, 2);
    assert_eq!(snapshots(&mut reader, "product").await, 1);
    assert_eq!(reader.ask("pyiceberg", &[json!("sales"), first]).await, before);
    lake.assert_whole(&mut reader).await;

    let known: Vec<(String, String)> =
        sqlx::query_as("SELECT name, metadata_location FROM lake_table ORDER BY name")
            .fetch_all(&lake.app.pool)
            .await
            .expect("tables");
    let located: std::collections::BTreeMap<String, String> =
        serde_json::from_value(reader.ask("locations", &[]).await).expect("locations");
    assert_eq!(known, located.into_iter().collect::<Vec<_>>(), "the API tells other metadata");
    let rows: i64 = lake
        .app
        .value(
            "SELECT row_count FROM lake_snapshot JOIN lake_table ON lake_table.id = table_id \
             WHERE name = 'sales' ORDER BY lake_snapshot.id DESC LIMIT 1",
        )
        .await;
    assert_eq!(json!(rows), before["lines"]);
    let here: i64 = lake.app.value("SELECT count(*) FROM lake.iceberg_tables").await;
    assert_eq!(here, 0, "Postgres names none of them");
    let behind: i64 = lake.app.value("SELECT count(*) FROM lake_behind").await;
    assert_eq!(behind, 0);

    let again = lake.load().await;
    assert!(again.steps.iter().all(|step| step.step != "lake"), "nothing has changed");
    assert_eq!(snapshots(&mut reader, "sales").await, 2);
}

#[tokio::test]
async fn the_lake_equals_postgres_after_random_changes() {
    let Some((lake, mut reader)) = filled("random changes in a REST catalogue").await else {
        return;
    };
    let mut draw = Draw::new(23);
    for _ in 0..6 {
        let (month, order) = (draw.below(30), draw.below(600));
        for sql in [
            format!(
                "UPDATE sales_order SET order_date = order_date - interval '{month} days' \
                 WHERE sales_order_id % 97 = {order} % 97"
            ),
            format!("DELETE FROM sales_order_line WHERE sales_order_id % 53 = {order} % 53"),
            format!(
                "UPDATE product SET list_price = list_price + {month} WHERE product_id % 41 = {month}"
            ),
        ] {
            change(&lake, &sql).await;
        }
        lake.load().await;
        lake.assert_whole(&mut reader).await;
    }
}

#[tokio::test]
async fn snapshots_expire_with_their_files() {
    let Some((lake, mut reader)) = filled("expiry in a REST catalogue").await else { return };
    let short = CuratedOptions { snapshot_keep: Duration::from_millis(1), ..USUAL };
    change(&lake, MAY).await;
    lake.load().await;
    assert_eq!(snapshots(&mut reader, "sales").await, 2);
    lake.load_with(lake.curated(short).await).await;
    for table in ["sales", "sales_order_line", "product"] {
        assert_eq!(snapshots(&mut reader, table).await, 1, "{table}");
    }
    lake.assert_whole(&mut reader).await;
    let known: i64 = lake.app.value("SELECT count(*) FROM lake_snapshot").await;
    assert_eq!(known, 11);
    let current = reader.ask("locations", &[]).await;
    lake.load_with(lake.curated(short).await).await;
    assert_eq!(reader.ask("locations", &[]).await, current, "nothing is left to expire");
}

#[tokio::test]
async fn columns_follow_the_options() {
    let Some((lake, mut reader)) = filled("columns in a REST catalogue").await else { return };
    let persons = CuratedOptions { persons: true, ..USUAL };
    for (options, expected) in [(persons, json!("string")), (USUAL, Value::Null)] {
        lake.load_with(lake.curated(options).await).await;
        let schema = reader.ask("schema", &[json!("sales")]).await;
        assert_eq!(schema["person_last_name"][1], expected);
        reader.compare().await;
    }
}

#[tokio::test]
async fn the_service_may_choose_where_tables_are() {
    let for_what = "places that a catalogue chooses";
    let Some(lake) = RestLake::start(for_what).await else { return };
    sample::clean().put(&lake.app, &ALL).await;
    // The catalogue refuses tables outside of its bucket.
    let uri = format!("s3://elsewhere-{}/lake", lake.bucket_name);
    let curated = Curated::connect(&uri, &lake.s3, USUAL).await.expect("a lake");
    let curated = curated.with_catalog(&lake.config(), &lake.s3).await.expect("a catalogue");
    lake.load_with(curated.clone()).await;
    let mut reader = lake.reader();
    lake.assert_whole(&mut reader).await;
    let location: String =
        lake.app.value("SELECT location FROM lake_table WHERE name = 'sales'").await;
    assert!(location.starts_with(&format!("{}/", lake.uri())), "{location}");
    change(&lake, MAY).await;
    lake.load_with(curated).await;
    lake.assert_whole(&mut reader).await;
    let short = CuratedOptions { snapshot_keep: Duration::from_millis(1), ..USUAL };
    let curated = Curated::connect(&uri, &lake.s3, short).await.expect("a lake");
    let curated = curated.with_catalog(&lake.config(), &lake.s3).await.expect("a catalogue");
    lake.load_with(curated).await;
    assert_eq!(snapshots(&mut reader, "sales").await, 1);
    lake.assert_whole(&mut reader).await;
}

#[tokio::test]
async fn another_catalogue_gets_all_of_it() {
    let for_what = "a lake that moves to a REST catalogue";
    let Some(lake) = RestLake::start(for_what).await else { return };
    sample::clean().put(&lake.app, &ALL).await;
    lake.app.load_lake().await;
    lake.load().await;
    let mut reader = lake.reader();
    lake.assert_whole(&mut reader).await;
    // And back: what the catalogue in Postgres names is not what it was.
    change(&lake, MAY).await;
    lake.load().await;
    lake.app.load_lake().await;
    let mut back = lake.app.lake_reader(for_what).await.expect("it is installed");
    back.compare().await;
}
