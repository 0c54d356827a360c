//! The cost of a document, reported and limited before it is executed.

use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::cluster::is_left_out;
use crate::support::{Api, ask, statements};

fn engine(api: &Api, cost: u64) -> Engine {
    Engine::new(Reader::new(api.db.pool.clone()), Limits { cost, ..Limits::default() })
}

fn estimate(answer: &Value) -> u64 {
    answer["extensions"]["cost"]["estimate"].as_u64().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn an_answer_reports_its_estimated_cost() {
    let api = Api::start().await;
    for (query, values) in [
        ("{ __typename }", 1),
        // An object and its fields; a joined object counts like any other.
        ("{ customer(customerId: 1) { customerId person { firstName } } }", 2 + 2),
        // The connection and its fields; for each row the object and its fields.
        ("{ persons(first: 7) { totalCount nodes { firstName lastName } } }", 3 + 7 * 3),
        ("{ persons(last: 7) { edges { cursor node { firstName } } } }", 2 + 7 * (3 + 2)),
        ("{ persons(first: 1000) { totalCount } }", 2),
        ("{ a: persons(first: -1) { totalCount } }", 1),
        (
            "{ salesOrders(first: 3) { nodes { lines(first: 4) { nodes { product { name } } } } } }",
            2 + 3 * (2 + 2 + 4 * 3),
        ),
    ] {
        let answer = api.ask(query).await;
        assert_eq!(estimate(&answer), values, "{query}");
        assert_eq!(answer["extensions"]["cost"]["limit"], Limits::default().cost);
    }
}

#[tokio::test]
async fn documents_over_the_cost_limit_are_refused_before_anything_is_read() {
    let api = Api::start().await;
    let query = "{ persons(first: 7) { nodes { firstName lastName } } }";
    let within = engine(&api, 23);
    assert_eq!(ask(&within, query).await["errors"], Value::Null);
    let beyond = engine(&api, 22);
    ask(&beyond, "{ __typename }").await;
    let (answer, seen) = statements::during(ask(&beyond, query)).await;
    assert!(seen.is_empty(), "{seen:?}");
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"], json!({ "code": "QUERY_TOO_COMPLEX" }));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("23 values; the limit is 22"), "{message}");
    assert_eq!(answer.get("data"), None);
}

#[tokio::test]
async fn rows_that_do_not_exist_cost_nothing() {
    let api = Api::start().await;
    let wide = "{ customers(first: 1000) { nodes { orders(first: 1000) { nodes { status } } } } }";
    let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM sales_order")
        .fetch_one(&api.db.pool)
        .await
        .unwrap();
    let orders = u64::try_from(orders).unwrap();
    // Gives Postgres the sizes of the tables.
    api.db.pool.execute("ANALYZE").await.unwrap();
    let known = estimate(&ask(&engine(&api, u64::MAX), wide).await);
    let most = 2 + 1000 * (2 + 2) + 2 * orders * 2;
    assert!(known <= most, "{known} is more than {most}");
    // A row that several parents share counts for each of them.
    let shared = "{ salesOrderLines(first: 60) { nodes { order { lines(first: 100) {
        nodes { lineTotal } } } } } }";
    let shared = estimate(&ask(&engine(&api, u64::MAX), shared).await);
    assert_eq!(shared, 2 + 60 * (3 + 2 + 100 * 2));
}

#[tokio::test]
async fn lines_to_aggregate_count() {
    if is_left_out("sizes are told by its machines") {
        return;
    }
    let api = Api::start().await;
    let statistics = "UPDATE pg_class SET reltuples = 1000000 WHERE relname = 'sales_order_line'";
    api.db.pool.execute(statistics).await.unwrap();
    // A tenth more than Postgres knows of, a hundred lines for one value.
    let lines = 11_000;
    for (query, estimated) in [
        ("{ salesAggregate(first: 5) { nodes { measures { lineCount } } } }", lines + 2 + 5 * 3),
        // One row is assumed to own this many at most.
        ("{ customer(customerId: 1) { customerId sales { lineCount } } }", 500 + 2 + 1 + 2),
    ] {
        let answer = ask(&engine(&api, u64::MAX), query).await;
        assert_eq!(estimate(&answer), estimated, "{query}");
    }
    let answer = ask(&engine(&api, lines), "{ salesAggregate { totalCount } }").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{answer}");
}
