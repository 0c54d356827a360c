//! Errors in an answer: null propagation, paths, and the limits of one request.

use entity::sales_order;
use salesgraph::auth::Scope;
use salesgraph::catalog::{columns, table};
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::{
    Arguments, Below, Condition, Key, List, Order, Page, PageSizes, Reader, Rows, Selection,
};
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::{Api, ask, write};

/// Path of the only error.
fn path(answer: &Value) -> &Value {
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
    &answer["errors"][0]["path"]
}

#[tokio::test]
async fn an_error_nulls_the_nearest_nullable_field() {
    let api = Api::start().await;
    api.db.pool.execute("ALTER TABLE customer RENAME account_number TO hidden").await.unwrap();
    let first = "UPDATE customer SET person_id = NULL, store_id = 1 WHERE customer_id = 1";
    write(&api.db.pool, first).await;

    let answer = api
        .ask(
            "{ customers(first: 2) { nodes { customerId orders { totalCount }
                person { customers { nodes { accountNumber } } } } } }",
        )
        .await;
    let orders = json!({ "totalCount": 3 });
    let nodes = json!([
        { "customerId": 1, "person": null, "orders": orders },
        { "customerId": 2, "person": null, "orders": orders },
    ]);
    assert_eq!(answer["data"], json!({ "customers": { "nodes": nodes } }));
    assert_eq!(path(&answer), &json!(["customers", "nodes", 1, "person", "customers"]));

    let answer = api
        .ask(
            "{ o: salesOrders(first: 4) { e: edges { n: node {
                c: customer { p: person { x: customers { nodes { accountNumber } } } } } } } }",
        )
        .await;
    assert_eq!(answer["data"]["o"]["e"][3], json!({ "n": { "c": { "p": null } } }));
    assert_eq!(path(&answer), &json!(["o", "e", 3, "n", "c", "p", "x"]));
}

#[tokio::test]
async fn an_error_in_a_non_null_field_propagates_with_its_path() {
    let api = Api::start().await;
    api.db.pool.execute("ALTER TABLE product RENAME name TO hidden").await.unwrap();
    let answer = api
        .ask("{ salesOrders(first: 1) { nodes { lines { nodes { product { name } } } } } __typename }")
        .await;
    assert_eq!(answer["data"], json!({ "salesOrders": null, "__typename": "Query" }));
    assert_eq!(path(&answer), &json!(["salesOrders", "nodes", 0, "lines"]));
}

#[tokio::test]
async fn each_of_several_nodes_fails_alone() {
    let api = Api::start().await;
    let data = api
        .data("{ persons(first: 1) { nodes { id } } products(first: 1) { nodes { id } } }")
        .await;
    api.db.pool.execute("ALTER TABLE person RENAME first_name TO hidden").await.unwrap();
    let (person, product) =
        (&data["persons"]["nodes"][0]["id"], &data["products"]["nodes"][0]["id"]);
    let answer = api
        .ask(&format!(
            "{{ nodes(ids: [{product}, {person}, {product}]) {{
                ... on Person {{ firstName }} ... on Product {{ name }} }} }}"
        ))
        .await;
    let there = json!({ "name": "Product 1" });
    assert_eq!(answer["data"]["nodes"], json!([there, null, there]));
    assert_eq!(path(&answer), &json!(["nodes", 1]));
}

#[tokio::test]
async fn every_value_of_an_answer_counts() {
    let api = Api::start().await;
    let within = async |values, query: &str| {
        let limits = Limits { values, ..Limits::default() };
        let engine = Engine::new(Reader::new(api.db.pool.clone()), limits);
        let answer = ask(&engine, query).await;
        match answer["errors"][0]["extensions"]["code"].as_str() {
            None => true,
            Some(code) => {
                assert_eq!(code, "QUERY_TOO_COMPLEX", "{answer}");
                false
            }
        }
    };
    for (query, values) in [
        // The connection and its nodes; twice an object with two values.
        ("{ persons(first: 2) { nodes { firstName lastName } } }", 2 + 6),
        ("{ persons(first: 2) { edges { cursor } pageInfo { hasNextPage endCursor } } }", 5 + 4),
        ("{ persons(first: 2) { edges { cursor node { firstName } } } }", 2 + 6 + 4),
        // The order that two lines share counts for each of them.
        ("{ salesOrder(salesOrderId: 1001) { lines { nodes { order { status } } } } }", 2 + 2 + 8),
        ("{ a: persons { totalCount } b: persons { totalCount } }", 4),
    ] {
        assert!(within(values, query).await, "{query}");
        assert!(!within(values - 1, query).await, "{query}");
    }
    // Long texts count as several values.
    write(&api.db.pool, "UPDATE person SET suffix = repeat('x', 10)").await;
    write(&api.db.pool, "UPDATE person SET demographics = repeat('x', 6400)").await;
    let query = "{ person(businessEntityId: 1) { demographics } }";
    assert!(within(102, query).await);
    assert!(!within(101, query).await);
}

#[tokio::test]
async fn rows_over_the_limit_are_not_fetched() {
    let api = Api::start().await;
    let reader = Reader::new(api.db.pool.clone());
    let mut selection = Selection::of(table::<sales_order::Entity>());
    selection.key(Selection::ROW);
    let parents = [Key::from([1]), Key::from([2])];
    let below = Below { columns: columns([sales_order::Column::CustomerId]), parents: &parents };
    let two = Arguments { first: Some(2), ..Arguments::default() };
    let (order, sizes) = (Order::default(), PageSizes::default());
    let page = Page::from_params("x", table::<sales_order::Entity>(), order, &two, sizes).unwrap();
    let condition = &Condition::everything();
    let list =
        List { rows: Rows::Table, selection: &selection, condition, page: &page, cursors: false };
    let read = async |most| {
        let pages = reader.list_below(&Scope::everything(), &list, below, most).await.unwrap();
        pages.map(|pages| pages.rows.len())
    };
    assert_eq!(read(4).await, Some(4));
    assert_eq!(read(1_000_000).await, Some(4));
    assert_eq!(read(u64::MAX).await, Some(4));
    assert_eq!(read(3).await, None);
    assert_eq!(read(0).await, None);
}

#[tokio::test]
async fn one_request_does_not_take_every_connection() {
    let api = Api::start().await;
    let mut lock = api.db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let fields: String = (0..8).map(|n| format!("p{n}: persons {{ nodes {{ id }} }} ")).collect();
    let query = format!("{{ {fields} }}");
    let watch = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted
                       AND relation = 'person'::regclass AND database =
                       (SELECT oid FROM pg_database WHERE datname = current_database())";
        let mut most = 0;
        // A hundred more looks once three wait: a fourth would show by then.
        let mut looks = 0;
        while looks < 100 {
            let now: i64 = sqlx::query_scalar(waiting).fetch_one(&mut *lock).await.unwrap();
            most = most.max(now);
            looks += i32::from(now >= 3);
        }
        lock.rollback().await.unwrap();
        most
    };
    let (data, most) = tokio::join!(api.data(&query), watch);
    assert_eq!(data.as_object().unwrap().len(), 8);
    assert_eq!(most, 3);
}
