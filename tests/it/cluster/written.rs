//! What else is written or read whole: rates, and reports.

use std::time::Duration;

use salesgraph::auth::Scope;
use salesgraph::rates::store;
use serde_json::json;

use super::seen::Seen;
use crate::support::TestApp;
use crate::support::rates::{RatesApp, body, days};
use crate::support::reports::TestReports;
use crate::support::sample::{self, ALL};

#[tokio::test]
async fn rates_are_stored_on_a_cluster() {
    let mut world = RatesApp::frankfurter().await;
    world.app.become_like_a_cluster().await;
    let mut seen = Seen::default();
    let version = "SELECT version FROM table_version WHERE table_name = 'currency_rate'";
    let mut before = None;
    for (rate, rows) in [("1.0956", 1), ("1.1", 1)] {
        let answer = format!(
            r#"{{"amount":1.0,"base":"EUR","date":"2024-01-02","rates":{{"USD":{rate}}}}}"#
        );
        world.api.next([body(&answer)]);
        let raw = world.fetch(&days("2024-01-01", "2024-01-31", &[])).await.remove(0);
        let stored = seen.during(store(&world.lake, &world.app.pool, &raw)).await.expect("stored");
        assert_eq!(stored.changed, rows);
        assert_eq!(world.rows().await, [format!("frankfurter 2024-01-02 EUR USD {rate}")]);
        let now: i64 = world.app.value(version).await;
        assert!(before < Some(now), "the version of the table did not move");
        before = Some(now);
        let again = seen.during(store(&world.lake, &world.app.pool, &raw)).await.expect("stored");
        assert_eq!(again.changed, 0);
    }
    seen.assert_has(&["INSERT INTO currency_rate", "note_change('currency_rate', '{}')"]);
    seen.check();
}

#[tokio::test]
async fn reports_are_made_on_a_cluster() {
    let app = TestApp::start_like_a_cluster().await;
    sample::clean().put(&app, &ALL).await;
    app.load().await;
    let mut reports = TestReports::without_worker(app, Duration::from_secs(900)).await;
    reports.start_worker();
    let (all, mut seen) = (Scope::everything(), Seen::default());
    for (kind, list) in [
        ("SALES_LINES", "salesOrderLines"),
        ("SALES_ORDERS", "salesOrders"),
        ("CUSTOMERS", "customers"),
        ("PRODUCTS", "products"),
    ] {
        let input = json!({ "kind": kind, "project": "cluster" });
        let report = seen.during(reports.make(&all, input)).await;
        let counted = reports.ask(&all, &format!("{{ {list} {{ totalCount }} }}"), json!({})).await;
        assert_eq!(report["rowCount"], counted["data"][list]["totalCount"], "{kind} {counted}");
    }
    for input in [
        json!({ "kind": "DEMAND_FORECAST", "project": "cluster" }),
        json!({ "kind": "SALES_AGGREGATE", "project": "cluster",
                "groupBy": ["TERRITORY", "PRODUCT"], "columns": ["productId", "lineTotal"] }),
    ] {
        let report = seen.during(reports.make(&all, input.clone())).await;
        assert!(report["rowCount"].as_u64().expect("a number") > 0, "{input}");
    }
    reports.stop_worker().await;
    seen.check();
}
