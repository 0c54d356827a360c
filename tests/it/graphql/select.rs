//! Selections: merging, order, conflicts and directives.

use async_graphql::Request;
use salesgraph::auth::Scope;
use serde_json::{Value, json};

use crate::support::{Api, statements};

#[tokio::test]
async fn selections_of_one_field_merge() {
    let api = Api::start().await;
    let answer = api
        .ask(
            r"query {
            ...Root
            b: persons(first: 1) { nodes { ...Name } edges { cursor node { ... on Node { id } } }
                nodes { lastName } }
            a: customer(customerId: 1) { customerId @skip(if: true) person { title } person { firstName } }
        }
        fragment Root on Query { z: product(productId: 1) { productId } }
        fragment Name on Person { n: firstName ... on Node { __typename } }",
        )
        .await;
    assert_eq!(answer["errors"], Value::Null);
    assert_eq!(
        answer["data"]["b"]["nodes"],
        json!([{ "n": "First1", "__typename": "Person", "lastName": "Last1" }])
    );
    assert_eq!(answer["data"]["a"], json!({ "person": { "title": "Ms.", "firstName": "First1" } }));
    assert!(answer["data"]["b"]["edges"][0]["node"]["id"].is_string());
}

#[tokio::test]
async fn fields_come_in_the_order_of_the_document() {
    let api = Api::start().await;
    let query = "{
        lines: salesOrderLines(first: 500) {
            pageInfo { hasNextPage } nodes { product { name } lineTotal order { status } rowguid }
        }
        __typename
        one: person(businessEntityId: 1) { id }
        runs: loadRuns { totalCount }
    }";
    let answer =
        api.engine.execute(api.engine.prepare(Request::new(query)), &Scope::everything()).await;
    let text = String::from_utf8(answer.to_json().unwrap()).unwrap();
    let keys = ["lines", "pageInfo", "nodes", "product", "lineTotal", "order", "rowguid"];
    let places = keys
        .iter()
        .chain(&["__typename", "one", "runs"])
        .map(|key| text.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} is missing")));
    assert!(places.is_sorted(), "{text}");
}

#[tokio::test]
async fn a_root_field_selected_twice_is_read_once() {
    let api = Api::start().await;
    let query = "{
        persons(first: 2) { nodes { firstName } }
        a: person(businessEntityId: 1) { firstName }
        none: person(businessEntityId: 999) { firstName }
        ...Again
        none: person(businessEntityId: 999) { lastName }
    }
    fragment Again on Query {
        persons(first: 2) { totalCount nodes { lastName } }
        a: person(businessEntityId: 1) { customers { totalCount } }
    }";
    let (data, seen) = statements::during(api.data(query)).await;
    let expected = json!({
        "persons": {
            "nodes": [
                { "firstName": "First1", "lastName": "Last1" },
                { "firstName": "First2", "lastName": "Last2" },
            ],
            "totalCount": 60,
        },
        "a": { "firstName": "First1", "customers": { "totalCount": 1 } },
        "none": null,
    });
    assert_eq!(data, expected);
    // persons and their count; a and the count of its customers; none.
    assert_eq!(seen.len(), 5, "{seen:?}");
    let answer = api.ask("{ persons(first: -1) { totalCount } persons(first: -1) { __typename } }");
    let answer = answer.await;
    assert_eq!(answer["data"], json!({ "persons": null }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn selections_that_conflict_are_refused() {
    let api = Api::start().await;
    for query in [
        "{ products(first: 1) { nodes { a: productId ... on Product { a: name } } } }",
        "{ products(first: 1) { nodes { lines(first: 1) { totalCount }
            ... on Product { lines(first: 2) { totalCount } } } } }",
        "{ products(first: 1) { nodes { name } ... on ProductConnection { nodes: edges { cursor } } } }",
        "{ a: person(businessEntityId: 1) { id } ... on Query { a: person(businessEntityId: 2) { id } } }",
        "query($n: Int = 1, $m: Int = 1) { products(first: 1) { nodes {
            lines(first: $n) { totalCount } ... on Product { lines(first: $m) { totalCount } } } } }",
    ] {
        let answer = api.ask(query).await;
        assert_eq!(answer["data"], Value::Null, "{query}");
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{answer}");
        assert_eq!(errors[0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(errors[0].get("path"), None);
    }
    // The same arguments in another order do not conflict.
    let data = api
        .data(
            "{ products(first: 1) { nodes { lines(first: 1, after: null) { totalCount }
                ... on Product { lines(after: null, first: 1) { __typename } } } } }",
        )
        .await;
    assert_eq!(data["products"]["nodes"][0]["lines"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn skip_and_include_use_defaults_of_variables() {
    let api = Api::start().await;
    let query = "query($yes: Boolean = true, $no: Boolean! = false) {
        p: person(businessEntityId: 1) @skip(if: $yes) { id }
        __typename
        p: person(businessEntityId: 1) @include(if: $yes) {
            firstName @include(if: $no) lastName @skip(if: $no) ... @include(if: $yes) { title }
        }
    }";
    let answer = api.ask(query).await;
    let p = json!({ "lastName": "Last1", "title": "Ms." });
    assert_eq!(answer["data"], json!({ "__typename": "Query", "p": p }));
    let keys: Vec<&String> = answer["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["__typename", "p"]);
    let answer = api.ask_with(query, json!({ "yes": false, "no": true })).await;
    assert_eq!(answer["data"]["p"]["id"].as_str().map(str::is_empty), Some(false));
}

#[tokio::test]
async fn a_condition_that_is_null_fails_the_request() {
    let api = Api::start().await;
    let query = "query($yes: Boolean = true) { __typename @include(if: $yes) }";
    assert_eq!(api.ask(query).await["data"], json!({ "__typename": "Query" }));
    let answer = api.ask_with(query, json!({ "yes": null })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
}

#[tokio::test]
async fn selections_may_be_empty() {
    let api = Api::start().await;
    let query = "{ persons(first: 1) { nodes { } edges { } pageInfo {} } none: products {}
        person(businessEntityId: 1) {} node: nodes(ids: []) {} __schema {} ... {} }";
    let data = api.data(query).await;
    let persons = json!({ "nodes": [{}], "edges": [{}], "pageInfo": {} });
    let expected = json!({
        "persons": persons, "none": {}, "person": {}, "node": [], "__schema": {}
    });
    assert_eq!(data, expected);
    assert_eq!(api.data("{ }").await, json!({}));
    // Nor is an object null of which all is left out.
    let query =
        "{ __schema { queryType { name @skip(if: true) } types @skip(if: true) { name } } }";
    assert_eq!(api.data(query).await, json!({ "__schema": { "queryType": {} } }));
}

/// The September 2025 edition of the language.
#[tokio::test]
async fn the_grammar_is_that_of_2025() {
    let api = Api::start().await;
    let query = "\"Described.\" query Q(
            \"\"\"A name.\"\"\" $name: String ! = \"\\u{1F600}\"
            $id : [ Int ! ] = [ 1 , ] ) {
        smiles: products(filter: { name: { in: [$name, \"\\uD83D\\uDE00\"] } }) { ...f }
        persons(filter: { businessEntityId: { in: $id } }) { totalCount } }
        \"Described.\" fragment f on ProductConnection { totalCount }";
    let data = api.data(query).await;
    let expected = json!({ "smiles": { "totalCount": 0 }, "persons": { "totalCount": 1 } });
    assert_eq!(data, expected);
    let lone = "{ products(filter: { name: { eq: \"\\uD83D\" } }) { totalCount } }";
    let answer = api.ask(lone).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_PARSE_FAILED", "{answer}");
    assert_eq!(answer["errors"][0]["locations"], json!([{ "line": 1, "column": 35 }]));
}

#[tokio::test]
async fn a_whole_number_of_json_may_have_a_point() {
    let api = Api::start().await;
    let query = "query($n: Int!, $f: PersonFilter) { persons(first: $n, filter: $f) {
        nodes { businessEntityId } } }";
    let variables = json!({ "n": 2.0, "f": { "businessEntityId": { "in": [1.0, 2.0, 3.0] } } });
    let answer = api.ask_with(query, variables).await;
    let nodes = json!([{ "businessEntityId": 1 }, { "businessEntityId": 2 }]);
    assert_eq!(answer["data"]["persons"]["nodes"], nodes, "{answer}");
    let answer = api.ask_with(query, json!({ "n": 2.5 })).await;
    assert_eq!(answer["errors"][0]["extensions"]["variable"], "n", "{answer}");
}
