//! The real files, if they lie beside the project.

use std::path::PathBuf;

use salesgraph::load::Outcome;

use crate::support::TestApp;

/// The folder of the real files; prints a message where it is missing.
pub(crate) fn real_files() -> Option<PathBuf> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/adventureworks");
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("SKIPPED: the real files are not at {}", dir.display());
    None
}

#[tokio::test]
async fn every_row_of_the_real_files_is_loaded_exactly_once() {
    let Some(dir) = real_files() else { return };
    let app = TestApp::start().await;
    app.put_dir(&dir).await;

    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let state = app.snapshot().await;
    for (table, rows) in [
        ("person", 19_972),
        ("product", 504),
        ("customer", 19_820),
        ("special_offer_product", 538),
        ("sales_order", 31_465),
        ("sales_order_line", 121_317),
        ("product_inventory", 1_069),
        ("territory", 10),
        ("store", 701),
        ("currency_rate", 13_532),
    ] {
        assert_eq!(state.rows(table), rows, "{table}");
    }
    assert_eq!(summary.totals.read, 208_928);
    assert_eq!(summary.totals.inserted, 208_928);
    let total: String = app.value("SELECT sum(total_due)::text FROM sales_order").await;
    assert_eq!(total, "123216786.1159");
    let lines: i64 =
        app.value("SELECT count(*) FROM sales_order_line WHERE sales_order_id = 43659").await;
    assert_eq!(lines, 12);
    let due: String =
        app.value("SELECT total_due::text FROM sales_order WHERE sales_order_id = 43659").await;
    assert_eq!(due, "23153.2339");
    assert_eq!((state.rejects.len(), state.parked.len()), (0, 0));
    let pieces: i64 = app.value("SELECT sum(quantity) FROM product_inventory").await;
    assert_eq!(pieces, 335_974);
    let sales: String = app.value("SELECT sum(sales_ytd)::text FROM territory").await;
    assert_eq!(sales, "52751209.9534");
    let rate: String = app
        .value("SELECT average_rate || ' ' || end_of_day_rate FROM currency_rate WHERE currency_rate_id = 10")
        .await;
    assert_eq!(rate, "104.9100 104.9580");
    let modified: String =
        app.value("SELECT max(modified_date)::text FROM store WHERE name = 'World of Bikes'").await;
    assert_eq!(modified, "2014-09-12 11:15:07.497");
    let strays: i64 = app
        .value(
            "SELECT (SELECT count(*) FROM customer LEFT JOIN store ON business_entity_id = store_id \
               LEFT JOIN territory AS region USING (territory_id) \
               WHERE store_id IS NOT NULL AND store.name IS NULL OR region.name IS NULL) \
             + (SELECT count(*) FROM sales_order LEFT JOIN currency_rate AS rate \
                 USING (currency_rate_id) \
               WHERE currency_rate_id IS NOT NULL AND rate.average_rate IS NULL)",
        )
        .await;
    assert_eq!(strays, 0, "all references of customers and orders resolve");

    let again = app.load().await;
    assert_eq!((again.outcome, again.files_skipped), (Outcome::Succeeded, 10));
    assert_eq!(again.files.len(), 0, "nothing is left to do");
    assert_eq!(app.snapshot().await, state);
}
