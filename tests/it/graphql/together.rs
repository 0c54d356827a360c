//! A row by its key is read with a list below it, by one statement, and answers as rows and lists
//! that are read one after the other.

use async_graphql::Request;
use salesgraph::auth::{Grant, Grants, Scope};
use salesgraph::graphql::errors::settle;
use serde_json::{Value, json};

use crate::support::{Api, statements};

/// Selections with lists of a sales order and of a customer.
const OF_ORDER: [&str; 8] = [
    "salesOrderId totalDue lines { nodes { salesOrderDetailId lineTotal product { name } } }",
    "customer { person { firstName customers { nodes { customerId } } } }
     lines(first: 3) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
       edges { cursor node { product { name specialOffers { nodes { specialOfferId } } } } } }",
    "lines(last: 2, orderBy: [{ field: PRODUCT_NAME, direction: DESC }]) {
       pageInfo { hasPreviousPage startCursor } nodes { product { name } orderQuantity } }",
    "lines(filter: { orderQuantity: { gt: 1000 } }) { totalCount nodes { id } pageInfo { endCursor } }
     again: lines(first: 1) { nodes { id } } status",
    "lines(filter: { product: { name: { contains: \"1\" } } }, first: 0) { nodes { id } totalCount }",
    "lines { nodes { source { line objectKey file { objectKey } } } } source { line }",
    "lines { totalCount } counted: lines { pageInfo { hasNextPage } }",
    "lines(filter: { order: { person: { lastName: { startsWith: \"Last\" } } } }) {
       nodes { order { person { lastName } } } }",
];
const OF_CUSTOMER: [&str; 3] = [
    "accountNumber person { lastName } orders(first: 2) {
       nodes { totalDue lines(first: 1) { nodes { product { name } } } } }",
    "orders(orderBy: [{ field: LINE_COUNT, direction: DESC }], first: 2) {
       nodes { salesOrderId lines { totalCount } } }",
    "orders(orderBy: [{ field: PERSON_LAST_NAME }]) { edges { cursor } }
     sales { lineTotal { sum } }",
];

async fn ask(api: &Api, scope: &Scope, document: &str) -> Value {
    let mut answer = api.engine.execute(api.engine.prepare(Request::new(document)), scope).await;
    settle(&mut answer.errors, "test");
    serde_json::from_slice(&answer.to_json().unwrap()).unwrap()
}

/// The row of an answer, and its errors by their path below the row.
fn row(mut answer: Value, path: &str, depth: usize) -> (Value, Vec<(Value, Value)>) {
    let row = answer["data"].pointer_mut(path).map_or(Value::Null, Value::take);
    let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let below = |error: &Value| {
        let path = error["path"].as_array().map_or(&[][..], Vec::as_slice);
        json!(path.get(depth..).unwrap_or_default())
    };
    let mut errors: Vec<_> =
        errors.iter().map(|error| (below(error), error["extensions"]["code"].clone())).collect();
    errors.sort_by_key(|(path, _)| path.to_string());
    (row, errors)
}

#[tokio::test]
async fn a_row_with_its_list_is_as_a_list_with_its_lists() {
    let api = Api::start().await;
    let without_persons: Grants =
        Grant::ALL.into_iter().filter(|grant| *grant != Grant::PersonsRead).collect();
    let sales: Grants = [Grant::SalesRead].into_iter().collect();
    let scopes = [
        Scope::everything(),
        Scope::new(None, without_persons, None),
        Scope::new(None, sales, None),
        Scope::new(None, Grants::all(), Some(vec![2])),
        Scope::new(None, sales, Some(vec![1, 2])),
    ];
    let orders = [7001, 1002, 60003, 4711];
    let customers = [7, 60, 4711];
    let of = |one: &'static str, list: &'static str, key: &'static str, selection: &'static str| {
        move |value: i32| {
            (
                format!("{{ {one}({key}: {value}) {{ {selection} }} }}"),
                format!(
                    "{{ {list}(filter: {{ {key}: {{ eq: {value} }} }}) {{ nodes {{ {selection} }} }} }}"
                ),
                (format!("/{one}"), format!("/{list}/nodes/0")),
            )
        }
    };
    let mut asked = Vec::new();
    for selection in OF_ORDER {
        asked.extend(orders.map(of("salesOrder", "salesOrders", "salesOrderId", selection)));
    }
    for selection in OF_CUSTOMER {
        asked.extend(customers.map(of("customer", "customers", "customerId", selection)));
    }
    let mut found = 0;
    for scope in &scopes {
        for (one, list, (path_of_one, path_of_list)) in &asked {
            let one_by_one = row(ask(&api, scope, list).await, path_of_list, 3);
            let together = row(ask(&api, scope, one).await, path_of_one, 1);
            assert_eq!(together, one_by_one, "{one}\n{scope:?}");
            found += usize::from(!together.0.is_null());
        }
    }
    // Most of them are there, also for the partners.
    assert!(found > 100, "{found}");
}

#[tokio::test]
async fn they_are_one_statement() {
    let api = Api::start().await;
    let order = "{ salesOrder(salesOrderId: 7001) { totalDue customer { person { lastName } }
        lines(first: 2) { nodes { lineTotal product { name } } } } }";
    for (document, expected) in [
        (order, 1),
        ("{ salesOrder(salesOrderId: 4711) { lines { nodes { id } } } }", 1),
        ("{ salesOrder(salesOrderId: 7001) { lines { totalCount nodes { id } } } }", 2),
        ("{ salesOrder(salesOrderId: 7001) { lines { totalCount } } }", 2),
        ("{ customer(customerId: 7) { orders { nodes { lines { nodes { id } } } } } }", 2),
        // Not its own list: its person's.
        ("{ customer(customerId: 7) { person { customers { nodes { id } } } } }", 2),
    ] {
        let (data, seen) = statements::during(api.data(document)).await;
        assert_eq!(seen.len(), expected, "{document}: {data}\n{seen:#?}");
    }
}
