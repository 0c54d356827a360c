//! The rows and sums of a report are those of the list and of the aggregate at the same
//! version of the data, whatever the filter and the scope, while a load is running.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use salesgraph::auth::Scope;
use serde_json::{Value as Json, json};

use crate::support::draw::Draw;
use crate::support::reports::{TestReports, partner};
use crate::support::{TestApp, fixture, write};

/// More with a longer run: `SALESGRAPH_RECONCILE=500`.
fn rounds() -> usize {
    std::env::var("SALESGRAPH_RECONCILE").ok().and_then(|it| it.parse().ok()).unwrap_or(12)
}

fn filter(draw: &mut Draw) -> Json {
    let product = draw.below(12);
    match draw.below(8) {
        0 => json!({}),
        1 => json!({ "productId": { "lte": product } }),
        2 => json!({ "orderQuantity": { "gte": draw.below(4) } }),
        3 => json!({ "keyword": format!("Product {product}") }),
        4 => json!({ "not": { "productId": { "in": [product, product + 3] } } }),
        5 => json!({ "order": { "orderDate": { "lt": "2011-07-01" } } }),
        6 => {
            json!({ "or": [{ "productId": { "eq": product } }, { "specialOfferId": { "eq": 1 } }] })
        }
        _ => json!({ "unitPrice": { "gt": "100.5" }, "product": { "name": { "contains": "1" } } }),
    }
}

fn scope(draw: &mut Draw) -> Scope {
    match draw.below(4) {
        0 => Scope::everything(),
        1 => partner("acme", "sales:read persons:read", Some(&[1])),
        2 => partner("acme", "sales:read persons:read", Some(&[2, 3])),
        _ => partner("other", "sales:read persons:read", None),
    }
}

/// Adds, changes and removes lines as fast as it can.
async fn keep_writing(app: &TestApp, stop: &AtomicBool) {
    let mut draw = Draw::new(5);
    while !stop.load(Ordering::Relaxed) {
        let statement = match draw.below(3) {
            0 => {
                "UPDATE sales_order_line SET order_quantity = 1 + order_quantity % 5,
                  line_total = round(unit_price * (1 - unit_price_discount)
                      * (1 + order_quantity % 5), 6) WHERE sales_order_detail_id <= 2"
            }
            1 => {
                "UPDATE sales_order_line SET product_id = 1 + (product_id + 6) % 20
                  WHERE sales_order_detail_id = 3"
            }
            _ => {
                "DELETE FROM sales_order_line WHERE (sales_order_id, sales_order_detail_id) IN
                  (SELECT sales_order_id, sales_order_detail_id FROM sales_order_line LIMIT 3)"
            }
        };
        write(&app.pool, statement).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_reconcile_with_queries_while_the_data_change() {
    let app = TestApp::start().await;
    fixture::insert(&app.pool).await;
    let mut test = TestReports::without_worker(app, Duration::from_millis(1)).await;
    test.start_worker();
    let test = Arc::new(test);
    let (mut draw, mut versions) = (Draw::new(23), Vec::new());
    for round in 0..rounds() {
        let (scope, filter) = (scope(&mut draw), filter(&mut draw));
        let stop = Arc::new(AtomicBool::new(false));
        let writer = {
            let (test, stop) = (Arc::clone(&test), Arc::clone(&stop));
            tokio::spawn(async move { keep_writing(&test.app, &stop).await })
        };
        let input = json!({ "kind": "SALES_LINES", "project": format!("round {round}"),
            "filter": filter, "columns": ["salesOrderId", "orderQuantity", "lineTotal"] });
        let report = test.make(&scope, input).await;
        stop.store(true, Ordering::Relaxed);
        writer.await.expect("the writer ends");
        let records = test.records(&report).await;
        assert_eq!(records.len() as u64 - 1, report["rowCount"].as_u64().expect("a count"));
        versions.push(report["dataVersion"].as_i64().expect("a version"));

        // At rest, so that all of them are of one version.
        let input = json!({ "kind": "SALES_LINES", "project": format!("rest {round}"),
            "filter": filter, "columns": ["salesOrderId", "orderQuantity", "lineTotal"] });
        let report = test.make(&scope, input).await;
        let records = test.records(&report).await;
        let query = "query($filter: SalesFilter) { list: salesOrderLines(filter: $filter) { totalCount } \
            sums: salesAggregate(filter: $filter) { nodes { measures { lineCount orderCount \
            orderQuantity { sum } lineTotal { sum } } } } }";
        let answer = test.ask(&scope, query, json!({ "filter": filter })).await;
        assert_eq!(answer["errors"], Json::Null, "{answer}");
        let answer = &answer["data"];
        assert_eq!(report["current"], true);
        let what = format!("{filter} {scope:?}");
        assert_eq!(report["rowCount"], answer["list"]["totalCount"], "{what}");
        let measures = &answer["sums"]["nodes"][0]["measures"];
        let rows = &records[1..];
        let quantity: i64 = rows.iter().map(|row| row[1].parse::<i64>().expect("a number")).sum();
        let total: i128 = rows.iter().map(|row| millionths(&row[2])).sum();
        let mut orders: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        orders.sort_unstable();
        orders.dedup();
        if rows.is_empty() {
            assert!(measures["lineCount"].is_null() || measures["lineCount"] == 0, "{what}");
            continue;
        }
        assert_eq!(measures["lineCount"], rows.len() as u64, "{what}");
        assert_eq!(measures["orderCount"], orders.len() as u64, "{what}");
        assert_eq!(measures["orderQuantity"]["sum"], quantity, "{what}");
        let sum = measures["lineTotal"]["sum"].as_str().expect("a sum");
        assert_eq!(millionths(sum), total, "{what}");
    }
    versions.dedup();
    assert_eq!(versions.len(), rounds(), "the data changed between the reports");
}

/// An amount in its sixth decimal place.
fn millionths(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= 6, "{text} has more places than amounts have");
    format!("{whole}{fraction:0<6}").parse().expect("a number")
}
