//! A Flight SQL endpoint in place of the worker's own engine.

use salesgraph::auth::Scope;
use salesgraph::lake::engine::LakeEngine;

use super::flight_server::FlightServer;
use super::{PERSONS, Sales, endpoint};
use crate::support::write;

const TOKEN: &str = "not-to-be-logged";

#[tokio::test]
async fn an_endpoint_answers_alike() {
    let sales = Sales::start(13).await;
    sales.write_lake(PERSONS).await;
    let server = FlightServer::start(&sales.app, TOKEN).await;
    let working = sales.work_with(&endpoint(&server.url, Some(TOKEN))).await;
    let measures = "orderCount customerCount orderTotal orderQuantity { sum stddev } \
                    unitPrice { avg median percentile(p: 0.25) } lineTotal { sum min max }";
    for arguments in [
        "groupBy: [PRODUCT_LINE, ORDER_QUARTER] orderBy: [{ measure: LINE_TOTAL_SUM }] ".to_owned(),
        r#"groupBy: ORDER_WEEKDAY filter: { unitPrice: { gt: "10.00005" },
           order: { orderDate: { gte: "2011-02-05", lt: "2011-10-26T07:00:00" } },
           product: { color: { in: ["Red", "Black"] } } } "#
            .to_owned(),
        "filter: { order: { lines: { count: { gte: 2 } } } } ".to_owned(),
    ] {
        let selection = format!(
            "nodes {{ key {{ productLine orderQuarter orderWeekday }} measures {{ {measures} }} \
             online: measures(filter: {{ order: {{ onlineOrderFlag: {{ eq: true }} }} }}) \
             {{ {measures} }} }}"
        );
        sales.compare(&arguments, &selection).await;
    }
    assert!(server.questions() > 3, "the endpoint was asked");
    assert_eq!(server.open_statements().await, 0, "statements are closed at the endpoint");
    working.stop().await;
}

#[tokio::test]
async fn an_endpoint_with_another_table_is_not_believed() {
    let sales = Sales::start(13).await;
    sales.write_lake(PERSONS).await;
    let server = FlightServer::start(&sales.app, TOKEN).await;
    write(&sales.app.pool, "DELETE FROM sales_order_line WHERE product_id = 3").await;
    sales.write_lake(PERSONS).await;
    let working = sales.work_with(&endpoint(&server.url, Some(TOKEN))).await;
    let (code, message, _) = sales.refusal("", &Scope::everything()).await;
    assert_eq!(code, "LAKE_OUTDATED", "{message}");
    working.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_named_and_the_token_is_not() {
    let sales = Sales::start(13).await;
    sales.write_lake(PERSONS).await;
    let server = FlightServer::start(&sales.app, TOKEN).await;
    let working = sales.work_with(&endpoint(&server.url, Some("wrong-token"))).await;
    let (code, message, extensions) = sales.refusal("", &Scope::everything()).await;
    assert_eq!(code, "LAKE_UNAVAILABLE", "{message}");
    assert!(message.contains(&server.url), "{message}");
    assert!(!format!("{message} {extensions}").contains("wrong-token"), "{message}");
    let error: String =
        sales.app.value("SELECT string_agg(to_jsonb(job)::text, ' ') FROM job").await;
    assert!(!error.contains("wrong-token"), "{error}");
    let engine = LakeEngine::new(&endpoint(&server.url, Some(TOKEN))).expect("an engine");
    assert!(!format!("{engine:?}").contains(TOKEN), "{engine:?}");
    working.stop().await;
}
