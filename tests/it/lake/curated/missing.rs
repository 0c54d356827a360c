//! Tables of which something is missing are written whole.

use serde_json::json;

use crate::support::lake::{LakeReader, totals};
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

/// Changes lines of one month.
async fn change(app: &TestApp) {
    let sql = "UPDATE sales_order_line SET order_quantity = order_quantity + 3, \
         line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity + 3), 6) \
         WHERE sales_order_id IN (SELECT sales_order_id FROM sales_order \
             WHERE date_trunc('month', order_date) = '2013-05-01')";
    write(&app.pool, sql).await;
}

/// That the wide table is whole, and that Postgres tells of as many snapshots as it has.
async fn is_whole(app: &TestApp, reader: &mut LakeReader, snapshots: i64) {
    let expected = totals(app).await;
    assert_eq!(reader.ask("pyiceberg", &[json!("sales")]).await, expected);
    reader.compare().await;
    let known: i64 = app
        .value(
            "SELECT count(*) FROM lake_snapshot JOIN lake_table ON lake_table.id = table_id \
             WHERE name = 'sales'",
        )
        .await;
    assert_eq!(known, snapshots);
    let summaries = reader.ask("summaries", &[]).await;
    let found = summaries["sales"]["snapshots"].as_array().map(Vec::len);
    assert_eq!(found, usize::try_from(snapshots).ok());
}

#[tokio::test]
async fn a_table_that_was_dropped_is_written_whole() {
    let Some((app, mut reader)) = filled("a table that PyIceberg drops").await else { return };
    reader.ask("drop", &[json!("sales")]).await;
    change(&app).await;
    app.load_lake().await;
    is_whole(&app, &mut reader, 1).await;

    reader.ask("drop", &[json!("sales")]).await;
    // Nothing has changed.
    app.load_lake().await;
    is_whole(&app, &mut reader, 1).await;
    change(&app).await;
    app.load_lake().await;
    is_whole(&app, &mut reader, 2).await;
}

#[tokio::test]
async fn a_table_that_others_partition_anew_is_written_whole() {
    let Some((app, mut reader)) = filled("a table that PyIceberg partitions").await else { return };
    reader.ask("repartition", &[json!("sales")]).await;
    change(&app).await;
    app.load_lake().await;
    is_whole(&app, &mut reader, 1).await;
}

#[tokio::test]
async fn a_table_without_its_metadata_is_written_whole() {
    let Some((app, mut reader)) = filled("tables whose metadata are gone").await else { return };
    for part in ["/sales/metadata/00001-", "/sales/metadata/snap-", "-m0.avro"] {
        for uri in app.lake_objects().await {
            if uri.contains("/sales/metadata/") && uri.contains(part) {
                let key = uri.splitn(4, '/').nth(3).expect("a key");
                app.bucket.delete(key).await.expect("S3");
            }
        }
        change(&app).await;
        app.load_lake().await;
        is_whole(&app, &mut reader, 1).await;
    }
}
