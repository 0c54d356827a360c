//! Reading through the schema, on a real database.

use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::{Api, ask, fixture, statements, write};

#[tokio::test]
async fn an_order_is_read_with_all_its_relations() {
    let api = Api::start().await;
    let data = api
        .data(
            r"{ salesOrder(salesOrderId: 7001) {
                __typename salesOrderId status totalDue subTotal orderDate onlineOrderFlag comment
                rowguid salesOrderNumber
                customer { customerId accountNumber storeId person { firstName personType title } }
                lines { totalCount nodes {
                    salesOrderDetailId orderQuantity unitPriceDiscount lineTotal
                    product { name productLine class style weight listPrice sellEndDate }
                    specialOfferProduct { specialOfferId product { productId } }
                    order { salesOrderId }
                } }
            } }",
        )
        .await;
    let line = |detail: i32, product: i32, offer: i32| {
        json!({
            "salesOrderDetailId": detail, "orderQuantity": 2, "unitPriceDiscount": "0.0200",
            "lineTotal": "3968.988240",
            "product": {
                "name": format!("Product {product}"), "productLine": "ROAD", "class": "HIGH",
                "style": "UNIVERSAL", "weight": "2.12", "listPrice": "20.0000", "sellEndDate": null,
            },
            "specialOfferProduct": {
                "specialOfferId": offer, "product": { "productId": product },
            },
            "order": { "salesOrderId": 7001 },
        })
    };
    let expected = json!({ "salesOrder": {
        "__typename": "SalesOrder", "salesOrderId": 7001, "status": "SHIPPED",
        "totalDue": "23153.2339", "subTotal": "20565.6206", "orderDate": "2011-05-31T00:00:00",
        "onlineOrderFlag": true, "comment": null,
        "rowguid": "00000000-0000-0000-0000-000000000005", "salesOrderNumber": "SO7001",
        "customer": {
            "customerId": 7, "accountNumber": "AW00000007", "storeId": null,
            "person": { "firstName": "First7", "personType": "INDIVIDUAL_CUSTOMER", "title": null },
        },
        "lines": { "totalCount": 2, "nodes": [line(1, 3, 2), line(2, 4, 1)] },
    } });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn relations_go_both_ways() {
    let api = Api::start().await;
    let data = api
        .data(
            r"{
            person(businessEntityId: 5) { customers { nodes { customerId orders(first: 2) {
                totalCount pageInfo { hasNextPage hasPreviousPage }
                edges { node { salesOrderId } } } } } }
            customer(customerId: 60) { storeId person { firstName } }
            product(productId: 3) { lines(first: 1) { nodes { product { productId } } }
                specialOffers { totalCount nodes { specialOfferId lines(first: 1) {
                    nodes { productId specialOfferId } } } } }
            salesOrderLine(salesOrderId: 1001, salesOrderDetailId: 2) { carrierTrackingNumber }
            nobody: person(businessEntityId: 999) { firstName }
        }",
        )
        .await;
    assert_eq!(
        data["person"]["customers"]["nodes"],
        json!([{ "customerId": 5, "orders": {
            "totalCount": 3,
            "pageInfo": { "hasNextPage": true, "hasPreviousPage": false },
            "edges": [{ "node": { "salesOrderId": 5001 } }, { "node": { "salesOrderId": 5002 } }],
        } }])
    );
    assert_eq!(data["customer"], json!({ "storeId": 900, "person": null }));
    assert_eq!(data["product"]["lines"]["nodes"], json!([{ "product": { "productId": 3 } }]));
    assert_eq!(data["product"]["specialOffers"]["totalCount"], 2);
    for offer in data["product"]["specialOffers"]["nodes"].as_array().unwrap() {
        for line in offer["lines"]["nodes"].as_array().unwrap() {
            assert_eq!(line["productId"], 3);
            assert_eq!(line["specialOfferId"], offer["specialOfferId"]);
        }
    }
    assert_eq!(data["salesOrderLine"], json!({ "carrierTrackingNumber": null }));
    assert_eq!(data["nobody"], Value::Null);
}

#[tokio::test]
async fn pages_return_each_row_once_during_inserts() {
    let api = Api::start().await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let data = api
            .data(&format!(
                "{{ customers(first: 7{after}) {{ totalCount nodes {{ customerId }}
                    edges {{ cursor }} pageInfo {{ hasNextPage startCursor endCursor }} }} }}"
            ))
            .await;
        let page = &data["customers"];
        let edges = page["edges"].as_array().unwrap();
        assert_eq!(page["pageInfo"]["startCursor"], edges[0]["cursor"]);
        assert_eq!(page["pageInfo"]["endCursor"], edges[edges.len() - 1]["cursor"]);
        for node in page["nodes"].as_array().unwrap() {
            seen.push(node["customerId"].as_i64().unwrap());
        }
        // One row before the page, which must not shift it, and one after it, which
        // must appear.
        let (last, count) = (seen.last().unwrap(), seen.len());
        let sql = format!(
            "INSERT INTO customer (customer_id, store_id, account_number, rowguid, modified_date,
                                   source_file_id, source_line)
             SELECT id, 1, 'x', gen_random_uuid(), now(), 1, 1
             FROM unnest(ARRAY[{}, {}]) id WHERE {last} < 50",
            -i64::try_from(count).unwrap(),
            last + 1000,
        );
        write(&api.db.pool, &sql).await;
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = format!(", after: {}", page["pageInfo"]["endCursor"]);
    }
    let expected: Vec<i64> = sqlx::query_scalar(
        "SELECT customer_id::bigint FROM customer WHERE customer_id > 0 ORDER BY 1",
    )
    .fetch_all(&api.db.pool)
    .await
    .unwrap();
    assert_eq!(seen, expected);
    assert!(seen.len() > 60);
}

#[tokio::test]
async fn page_sizes_and_cursors_apply_to_each_parent() {
    let api = Api::start().await;
    let query = |after: &str| {
        format!(
            "{{ salesOrders(first: 3) {{ nodes {{ salesOrderId lines(first: 1{after}) {{
                totalCount nodes {{ salesOrderDetailId }}
                pageInfo {{ hasNextPage hasPreviousPage endCursor }} }} }} }} }}"
        )
    };
    let data = api.data(&query("")).await;
    let lines = |order: usize| data["salesOrders"]["nodes"][order]["lines"].clone();
    for (order, total) in [(0, 2), (1, 4), (2, 6)] {
        assert_eq!(lines(order)["totalCount"], total);
        assert_eq!(lines(order)["nodes"], json!([{ "salesOrderDetailId": 1 }]));
        assert_eq!(lines(order)["pageInfo"]["hasNextPage"], true);
    }
    // The cursor of order 1001's first line: its second, and all of 1002 and 1003.
    let after = format!(", after: {}", lines(0)["pageInfo"]["endCursor"]);
    let data = api.data(&query(&after)).await;
    let details: Vec<&Value> = (0..3)
        .map(
            |order| &data["salesOrders"]["nodes"][order]["lines"]["nodes"][0]["salesOrderDetailId"],
        )
        .collect();
    assert_eq!(details, [2, 1, 1]);

    let data = api.data("{ customers(first: 0) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } }").await;
    assert_eq!(
        data["customers"],
        json!({ "totalCount": 60, "nodes": [], "pageInfo": { "hasNextPage": true, "endCursor": null } })
    );
}

#[tokio::test]
async fn global_ids_resolve_to_their_rows() {
    let api = Api::start().await;
    let data = api
        .data(
            "{ salesOrderLines(first: 1) { nodes { id } } loadRuns(first: 1) { nodes { id } }
               loadRejects { nodes { id file { id } run { id } } } }",
        )
        .await;
    let line = &data["salesOrderLines"]["nodes"][0]["id"];
    let found = api
        .data(&format!(
            "{{ node(id: {line}) {{ __typename id ... on SalesOrderLine {{ salesOrderDetailId }}
                ... on Person {{ firstName }} }} }}"
        ))
        .await;
    assert_eq!(
        found["node"],
        json!({ "__typename": "SalesOrderLine", "id": line, "salesOrderDetailId": 1 })
    );
    let reject = &data["loadRejects"]["nodes"][0];
    // Several types at once, one id twice, one of a missing row.
    let missing = api.data("{ persons(first: 1) { nodes { id } } }").await;
    let missing = &missing["persons"]["nodes"][0]["id"];
    write(&api.db.pool, "UPDATE customer SET person_id = 2 WHERE person_id = 1").await;
    write(&api.db.pool, "DELETE FROM person WHERE business_entity_id = 1").await;
    let found = api
        .data(&format!(
            "{{ nodes(ids: [{line}, {missing}, {}, {line}]) {{ id ... on LoadReject {{ line }} }} }}",
            reject["id"]
        ))
        .await;
    assert_eq!(
        found["nodes"],
        json!([{ "id": line }, null, { "id": reject["id"], "line": 7 }, { "id": line }])
    );
    for id in [&data["loadRuns"]["nodes"][0]["id"], &reject["id"], &reject["file"]["id"]] {
        assert_eq!(&api.data(&format!("{{ node(id: {id}) {{ id }} }}")).await["node"]["id"], id);
    }
    api.db.pool.execute("DELETE FROM load_reject").await.unwrap();
    let gone = api.data(&format!("{{ node(id: {}) {{ id }} }}", reject["id"])).await;
    assert_eq!(gone["node"], Value::Null);
}

#[tokio::test]
async fn the_ledger_can_be_read() {
    let api = Api::start().await;
    let data = api
        .data(
            r"{ loadRuns { totalCount nodes { id runId state mode startedAt finishedAt filesFound
                rowsRead rowsInserted rowsRejected error { code message }
                files { nodes { elapsedMilliseconds file { objectKey byteSize state error { code } } } }
                rejects { nodes { line } } parked { totalCount } } } }",
        )
        .await;
    let runs = data["loadRuns"]["nodes"].as_array().unwrap();
    assert_eq!(data["loadRuns"]["totalCount"], 2);
    // Newest first.
    assert_eq!(runs[0]["state"], "FAILED");
    assert_eq!(runs[0]["error"], json!({ "code": "UNAVAILABLE", "message": "S3 does not answer" }));
    assert_eq!(runs[0]["rowsRead"], 0);
    assert_eq!(runs[1]["error"], Value::Null);
    assert_eq!(runs[1]["state"], "SUCCEEDED_WITH_REJECTS");
    assert_eq!(runs[1]["startedAt"], "2026-01-01T10:00:00Z");
    assert_eq!(runs[1]["rowsInserted"], 180);
    assert_eq!(runs[1]["parked"]["totalCount"], 1);
    let file = &runs[1]["files"]["nodes"][0]["file"];
    let expected = json!({ "objectKey": "orders.csv", "byteSize": 5_000_000_000_i64, "state": "LOADED", "error": null });
    assert_eq!(file, &expected);

    for id in [runs[1]["id"].as_str().unwrap(), fixture::RUN] {
        let data = api
            .data(&format!(
                "{{ loadRun(id: \"{id}\") {{ runId }} loadRejects(runId: \"{id}\") {{ totalCount
                    nodes {{ line byteOffset column reason message raw rejectedAt file {{ dataset }} }} }}
                    loadParked(runId: \"{id}\") {{ nodes {{ parent parentKey raw }} }} }}"
            ))
            .await;
        assert_eq!(data["loadRun"]["runId"], fixture::RUN);
        assert_eq!(data["loadRejects"]["totalCount"], 1);
        let reject = &data["loadRejects"]["nodes"][0];
        assert_eq!(reject["raw"], "1\u{fffd}2");
        assert_eq!(reject["reason"], "invalid_decimal");
        assert_eq!(
            data["loadParked"]["nodes"],
            json!([{ "parent": "customer", "parentKey": [77], "raw": "9;77" }])
        );
    }
    let other = api
        .data("{ loadRejects(runId: \"01990000-0000-7000-8000-000000000002\") { totalCount } }")
        .await;
    assert_eq!(other["loadRejects"]["totalCount"], 0);
}

#[tokio::test]
async fn a_row_names_its_source_file_and_line() {
    let api = Api::start().await;
    let data = api
        .data("{ person(businessEntityId: 3) { source { line objectKey rawObject loadedAt file { objectKey } loadRun { runId } } } }")
        .await;
    assert_eq!(
        data["person"]["source"],
        json!({ "line": 4, "objectKey": "orders.csv",
                "rawObject": "s3://lake/raw/sales_order/2026/01/01/orders-abc.csv", "loadedAt": "2026-01-01T10:01:00Z",
                "file": { "objectKey": "orders.csv" }, "loadRun": { "runId": fixture::RUN } })
    );
}

/// Seven levels, with counts and both kinds of relations.
const DEEP: &str = "nodes { person { firstName customers { totalCount nodes { customerId } } }
    orders { totalCount nodes { salesOrderId customer { accountNumber }
        lines { totalCount nodes { lineTotal product { name specialOffers { nodes { specialOfferId } } }
            specialOfferProduct { product { name } } source { file { objectKey } } } } } }
    orders2: orders(first: 1) { nodes { id } } }";

#[tokio::test]
async fn statements_do_not_depend_on_the_number_of_rows() {
    let api = Api::start().await;
    let limits = Limits { cost: u64::MAX, ..Limits::default() };
    let engine = Engine::new(Reader::new(api.db.pool.clone()), limits);
    ask(&engine, "{ __typename }").await;
    let mut counts = Vec::new();
    for first in [1, 50] {
        let query = format!("{{ customers(first: {first}) {{ {DEEP} }} }}");
        let (answer, seen) = statements::during(ask(&engine, query)).await;
        let data = &answer["data"];
        assert_eq!(data["customers"]["nodes"].as_array().unwrap().len(), first);
        counts.push(seen.len());
    }
    assert_eq!(counts[0], counts[1]);
    // Customers with persons; the persons' customers and their count; orders with
    // customers, and their count; lines with products, offers and files, and their
    // count; the products' offers; orders again.
    assert_eq!(counts[0], 9);
}

#[tokio::test]
async fn only_selected_columns_are_read() {
    let api = Api::start().await;
    let (_, seen) = statements::during(api.data("{ persons { nodes { firstName } } }")).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].contains("first_name") && !seen[0].contains("demographics"), "{seen:?}");
    assert!(!seen[0].contains("count("), "{seen:?}");
    let (_, seen) = statements::during(api.data("{ persons { totalCount } }")).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    let (_, seen) = statements::during(api.data("{ persons { __typename } }")).await;
    assert!(seen.is_empty(), "{seen:?}");
}
