//! Every kind, format and dialect.

use std::io::Read as _;

use salesgraph::auth::Scope;
use serde_json::{Value as Json, json};

use super::started;

/// The rows of a kind are those of its list.
#[tokio::test]
async fn every_kind_has_the_rows_of_its_list() {
    let test = started().await;
    let all = Scope::everything();
    for (kind, filter, count) in [
        (
            "SALES_LINES",
            json!({ "productId": { "lt": 6 } }),
            "salesOrderLines(filter: {productId: {lt: 6}}) { totalCount }",
        ),
        (
            "SALES_ORDERS",
            json!({ "productId": { "eq": 5 } }),
            "salesOrders(filter: {lines: {some: {productId: {eq: 5}}}}) { totalCount }",
        ),
        (
            "CUSTOMERS",
            json!({ "productId": { "eq": 5 } }),
            "customers(filter: {orders: {some: {lines: {some: {productId: {eq: 5}}}}}}) { totalCount }",
        ),
        (
            "PRODUCTS",
            json!({ "keyword": "Product 5" }),
            "products(filter: {lines: {some: {keyword: \"Product 5\"}}}) { totalCount }",
        ),
    ] {
        let input = json!({ "kind": kind, "project": "kinds", "filter": filter });
        let report = test.make(&all, input).await;
        let counted = test.ask(&all, &format!("{{ list: {count} }}"), json!({})).await;
        assert_eq!(report["rowCount"], counted["data"]["list"]["totalCount"], "{kind} {counted}");
        assert!(report["rowCount"].as_u64().unwrap() > 0, "{kind}");
        let records = test.records(&report).await;
        assert!(records.iter().all(|record| record.len() == records[0].len()), "{kind}");
    }
}

#[tokio::test]
async fn groups_reconcile_with_the_aggregate() {
    let test = started().await;
    let all = Scope::everything();
    let input = json!({ "kind": "SALES_AGGREGATE", "project": "groups",
                        "groupBy": ["TERRITORY", "PRODUCT"],
                        "columns": ["territoryId", "productId", "lineCount", "lineTotal"] });
    let report = test.make(&all, input).await;
    let records = test.records(&report).await;
    assert_eq!(records[0], ["territoryId", "productId", "lineCount", "lineTotal"]);
    let query = "{ salesAggregate(groupBy: [TERRITORY, PRODUCT], first: 1000) { totalCount nodes { \
                 key { territoryId product { productId } } \
                 measures { lineCount lineTotal { sum } } } } }";
    let answer = test.ask(&all, query, json!({})).await;
    let nodes = answer["data"]["salesAggregate"]["nodes"].as_array().unwrap();
    assert_eq!(report["rowCount"], answer["data"]["salesAggregate"]["totalCount"]);
    let text = |value: &Json| match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let expected: Vec<Vec<String>> = nodes
        .iter()
        .map(|node| {
            vec![
                text(&node["key"]["territoryId"]),
                text(&node["key"]["product"]["productId"]),
                text(&node["measures"]["lineCount"]),
                text(&node["measures"]["lineTotal"]["sum"]),
            ]
        })
        .collect();
    assert_eq!(records[1..], expected[..]);
}

/// What a person sees in GraphiQL as a file: whole, whatever page the query asks for.
#[tokio::test]
async fn a_query_is_a_whole_file_by_its_paths() {
    let test = started().await;
    let all = Scope::everything();
    let query = "query($max: Decimal) { products(first: 3, orderBy: [{field: PRODUCT_ID, direction: DESC}], \
                 filter: {listPrice: {lte: $max}}) { totalCount pageInfo { endCursor } \
                 edges { cursor node { productId title: name weight } } } }";
    let input = json!({ "project": "query", "query": query, "variables": { "max": "20" } });
    let report = test.make(&all, input).await;
    assert_eq!(report["kind"], "QUERY");
    let records = test.records(&report).await;
    assert_eq!(records[0], ["productId", "title", "weight"]);
    assert_eq!(records.len(), 21, "all twenty products");
    assert_eq!(records[1], ["20", "Product 20", "2.12"]);
    let chosen = json!({ "project": "query", "query": query, "variables": { "max": "20" },
                         "columns": ["title"] });
    let report = test.make(&all, chosen).await;
    assert_eq!(test.records(&report).await[1], ["Product 20"]);
}

#[tokio::test]
async fn formats_and_dialects() {
    let test = started().await;
    let all = Scope::everything();
    let base = |more: Json| {
        let mut input = json!({ "kind": "PRODUCTS", "project": "formats",
                                "columns": ["productId", "name", "listPrice"] });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let plain = test.make(&all, base(json!({}))).await;
    let plain = test.file(&plain).await;
    assert!(plain.starts_with(b"productId,name,listPrice\r\n1,Product 1,20.0000\r\n"), "{plain:?}");

    let packed = test.make(&all, base(json!({ "format": "CSV_GZIP" }))).await;
    assert!(packed["key"].as_str().unwrap().ends_with(".csv.gz"));
    let packed = test.file(&packed).await;
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain);

    let dialect = json!({ "delimiter": ";", "decimalSeparator": ",", "byteOrderMark": true });
    let local = test.make(&all, base(dialect)).await;
    let local = test.file(&local).await;
    let begin = "\u{feff}productId;name;listPrice\r\n1;Product 1;20,0000\r\n";
    assert!(local.starts_with(begin.as_bytes()), "{local:?}");

    let columns = test.make(&all, base(json!({ "format": "PARQUET" }))).await;
    assert!(columns["key"].as_str().unwrap().ends_with(".parquet"));
    let columns = test.file(&columns).await;
    assert!(columns.starts_with(b"PAR1") && columns.ends_with(b"PAR1"));
}
