//! Entities by their representations.

use std::collections::BTreeSet;

use salesgraph::auth::{Grants, Scope};
use salesgraph::graphql::types;
use serde_json::{Value, json};

use super::{Subgraph, id, product};
use crate::graphql::fields::ROWS;
use crate::support::statements::during;
use crate::support::subgraph::representations_of;
use crate::support::{ask, fixture, write};

#[tokio::test]
async fn entities_come_in_the_order_of_their_representations_by_one_statement_a_type() {
    let subgraph = Subgraph::start().await;
    let line = |detail: i32| json!({ "__typename": "SalesOrderLine", "salesOrderId": 7001, "salesOrderDetailId": detail });
    let representations = json!([
        product(3), line(2), product(999), product(1), product(3), line(999),
        { "__typename": "Product", "id": id("Product", &["2"]) },
        // A router sends what a field of another subgraph needs, too.
        { "productId": 20, "listPrice": "20.0000", "__typename": "Product", "color": null },
    ]);
    let selection = "__typename ... on Product { name key: productId }
                     ...line";
    let query = format!(
        "query ($representations: [_Any!]!) {{
             _entities(representations: $representations) {{ {selection} }} }}
         fragment line on SalesOrderLine {{ id salesOrderDetailId order {{ salesOrderId }} }}"
    );
    let request = async_graphql::Request::new(query).variables(
        async_graphql::Variables::from_json(json!({ "representations": representations })),
    );
    let (answer, seen) = during(ask(&subgraph.engine, request)).await;
    let of = |number: i32| json!({ "__typename": "Product", "name": format!("Product {number}"), "key": number });
    let expected = json!([
        of(3),
        {
            "__typename": "SalesOrderLine", "id": id("SalesOrderLine", &["7001", "2"]),
            "salesOrderDetailId": 2, "order": { "salesOrderId": 7001 },
        },
        null, of(1), of(3), null, of(2), of(20),
    ]);
    assert_eq!(answer["errors"], Value::Null);
    assert_eq!(answer["data"]["_entities"], expected);
    let reads: Vec<_> = seen.iter().filter(|text| text.contains("FROM")).collect();
    assert_eq!(reads.len(), 2, "{seen:#?}");
}

#[tokio::test]
async fn what_is_below_entities_is_read_for_all_of_them_at_once() {
    let subgraph = Subgraph::start().await;
    let all: Vec<Value> = (1..=20).map(product).collect();
    let selection = "... on Product {
        first: lines(first: 1) { nodes { order { salesOrderId customer { customerId } } } }
        lines(first: 2) { totalCount nodes { lineTotal } }
        sales { orderCount } specialOffers { nodes { specialOfferId lines(first: 1) { nodes { id } } } }
    }";
    let (answer, seen) = during(subgraph.entities(selection, json!(all))).await;
    assert_eq!(answer["errors"], Value::Null);
    let found = answer["data"]["_entities"].as_array().unwrap();
    assert_eq!(found.len(), 20);
    // Products 3 to 10 are sold.
    let sold = |entity: &&Value| entity["first"]["nodes"].as_array().unwrap().len() == 1;
    assert_eq!(found.iter().filter(sold).count(), 8, "{answer}");
    for entity in found {
        assert_eq!(entity["specialOffers"]["nodes"].as_array().unwrap().len(), 2, "{entity}");
    }
    // One alone would be read by one statement with a list below it.
    let (two, of_two) = during(subgraph.entities(selection, json!([product(3), product(4)]))).await;
    assert_eq!(found[2..4], two["data"]["_entities"].as_array().unwrap()[..]);
    assert_eq!(seen.len(), of_two.len(), "{seen:#?}");
    let one = subgraph.entities(selection, json!([product(3)])).await;
    assert_eq!(found[2], one["data"]["_entities"][0]);
}

#[tokio::test]
async fn representations_may_be_in_the_document_and_asked_for_twice() {
    let subgraph = Subgraph::start().await;
    let request = async_graphql::Request::new(
        r#"query ($two: Int, $person: _Any!, $name: String!) {
            a: _entities(representations: [{__typename: "Product", productId: 1},
                                           {__typename: "Product", productId: $two}]) {
                ... on Product { productId } ... on Node { id } }
            b: _entities(representations: {__typename: "Person", businessEntityId: 2}) {
                ... on Person { firstName } }
            products(first: 1) { totalCount }
            none: _entities(representations: []) { __typename }
            c: _entities(representations: [$person, {__typename: $name, productId: 3}, $person]) {
                __typename }
        }"#,
    );
    let person = json!({ "__typename": "Person", "businessEntityId": 2 });
    let variables = json!({ "two": 2, "person": person, "name": "Product" });
    let variables = async_graphql::Variables::from_json(variables);
    let answer = ask(&subgraph.engine, request.variables(variables)).await;
    let expected = json!({
        "a": [
            { "productId": 1, "id": id("Product", &["1"]) },
            { "productId": 2, "id": id("Product", &["2"]) },
        ],
        "b": [{ "firstName": "First2" }],
        "products": { "totalCount": 20 },
        "none": [],
        "c": [
            { "__typename": "Person" }, { "__typename": "Product" }, { "__typename": "Person" },
        ],
    });
    assert_eq!(answer["data"], expected, "{answer}");
}

/// Rows of an organization, and a forecast: the fixture has none.
const MORE: &str = "
INSERT INTO demand_forecast_span VALUES (7, 1, '2024-01-01', NULL, 5, 1, 1);
INSERT INTO demand_forecast_date VALUES ('2024-01-01', 1);
INSERT INTO report (id, organization, project, kind, format, request, fingerprint, grants,
                    requested_by, version)
VALUES ('01990000-0000-7000-8000-0000000000b1', 'acme', 'p', 'products', 'csv', '{}', 'x',
        'sales:read', 'who', 1);
INSERT INTO saved_query (id, organization, name, document, created_by, updated_by)
VALUES ('01990000-0000-7000-8000-0000000000c1', 'acme', 'q', '{ __typename }', 'who', 'who');
";
/// The keys of rows of the types of which other tests compare the fields.
const MORE_ROWS: [(&str, &[&str]); 5] = [
    ("DemandForecast", &["2024-01-01", "7"]),
    ("Job", &["01990000-0000-7000-8000-0000000000a1"]),
    ("LoadFinding", &[fixture::RUN, "1"]),
    ("Report", &["01990000-0000-7000-8000-0000000000b1"]),
    ("SavedQuery", &["01990000-0000-7000-8000-0000000000c1"]),
];

/// Who sees everything of an organization.
fn all_of(organization: &str) -> Scope {
    Scope::new(Some(organization.to_owned()), Grants::all(), None)
}

/// Every type has a row by its global id, and those that show their key by that.
#[tokio::test]
async fn every_type_is_an_entity_by_each_of_its_keys() {
    let subgraph = Subgraph::start().await;
    write(&subgraph.db.pool, MORE).await;
    let caller = all_of("acme");
    let mut by_key = Vec::new();
    let mut tested = BTreeSet::new();
    for (name, key) in ROWS.into_iter().chain(MORE_ROWS) {
        tested.insert(name);
        let (_, all) = representations_of(&id(name, key));
        let count = all.len();
        if count == 2 {
            by_key.push(name);
        }
        let selection = "__typename ... on Node { id }";
        let answer = subgraph.entities_as(&caller, selection, json!(all)).await;
        let row = json!({ "__typename": name, "id": id(name, key) });
        assert_eq!(answer["data"]["_entities"], json!(vec![row; count]), "{name}: {answer}");
    }
    let all: BTreeSet<&str> = types::ALL.iter().map(|of| of.shape.name).collect();
    assert_eq!(tested, all, "a type is left out");
    let expected = [
        "Person", "Product", "Customer", "SpecialOfferProduct", "SalesOrder", "SalesOrderLine",
        "ProductInventory", "Territory", "Store", "CurrencyRate", "LoadRun", "LoadFile",
        "SourceFailure", "DemandForecast", "Job",
    ];
    for name in expected {
        assert!(by_key.contains(&name), "{name} has no key of its own: {by_key:?}");
    }
}

#[tokio::test]
async fn the_rows_of_another_organization_are_null() {
    let subgraph = Subgraph::start().await;
    write(&subgraph.db.pool, MORE).await;
    for name in ["Report", "SavedQuery"] {
        let (_, key) = MORE_ROWS.into_iter().find(|(known, _)| *known == name).unwrap();
        let (_, all) = representations_of(&id(name, key));
        let nothing = json!(vec![Value::Null; all.len()]);
        for (caller, is_shown) in
            [(all_of("acme"), true), (all_of("other"), false), (Scope::everything(), false)]
        {
            let answer = subgraph.entities_as(&caller, "__typename", json!(all)).await;
            assert_eq!(answer["errors"], Value::Null, "{name}: {answer}");
            assert_eq!(answer["data"]["_entities"] != nothing, is_shown, "{name}: {answer}");
        }
    }
}

#[tokio::test]
async fn the_rows_of_others_are_null_and_what_is_forbidden_an_error() {
    let subgraph = Subgraph::start().await;
    let grants = Grants::known_in("sales:read");
    let partner = Scope::new(Some("p".to_owned()), grants, Some(vec![2]));
    let order = |number: i32| json!({ "__typename": "SalesOrder", "salesOrderId": number });
    // Customers 1 and 4 are of territory 2, the others of 3 and 1.
    let orders = json!([order(1001), order(2001), order(4002), order(3001)]);
    let selection = "... on SalesOrder { salesOrderId customer { customerId } }";
    let answer = subgraph.entities_as(&partner, selection, orders).await;
    let of = |number: i32| json!({ "salesOrderId": number, "customer": { "customerId": number / 1000 } });
    assert_eq!(answer["data"]["_entities"], json!([of(1001), null, of(4002), null]), "{answer}");
    assert_eq!(answer["errors"], Value::Null);

    // A table of which the caller may see nothing, beside one of which it sees all.
    let file = json!({ "__typename": "LoadFile", "id": id("LoadFile", &["1"]) });
    let selection = "... on LoadFile { objectKey } ... on Product { name }";
    let answer = subgraph.entities_as(&partner, selection, json!([file, product(1)])).await;
    assert_eq!(answer["data"]["_entities"], json!([null, { "name": "Product 1" }]), "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["_entities", 0]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);

    // Personal data of a person that it sees.
    let person = json!([{ "__typename": "Person", "businessEntityId": 1 }]);
    let selection = "... on Person { businessEntityId firstName }";
    let answer = subgraph.entities_as(&partner, selection, person).await;
    let shown = json!([{ "businessEntityId": 1, "firstName": null }]);
    assert_eq!(answer["data"]["_entities"], shown, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["_entities", 0, "firstName"]));
}
