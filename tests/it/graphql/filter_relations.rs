//! Filters across relations, each compared with SQL written by hand.

use serde_json::json;

use crate::support::filtered::{CUSTOMERS, LINES, ORDERS, api};
use crate::support::write;

#[tokio::test]
async fn filters_follow_relations_to_other_rows() {
    let api = api().await;
    let customer = "SELECT c.customer_id FROM customer c LEFT JOIN person p
                    ON p.business_entity_id = c.person_id WHERE";
    for (filter, condition) in [
        (
            json!({ "customer": { "accountNumber": { "endsWith": "7" } } }),
            format!("t.customer_id IN ({customer} c.account_number LIKE '%7')"),
        ),
        (
            json!({ "customer": { "person": { "lastName": { "eq": "Last7" } } } }),
            format!("t.customer_id IN ({customer} p.last_name = 'Last7')"),
        ),
        (
            json!({ "person": { "lastName": { "startsWith": "Last1" } } }),
            format!("t.customer_id IN ({customer} p.last_name LIKE 'Last1%')"),
        ),
        // The last customer has no person.
        (json!({ "person": {} }), "t.customer_id <> 60".to_owned()),
        (json!({ "not": { "person": {} } }), "t.customer_id = 60".to_owned()),
        (
            json!({ "not": { "person": { "lastName": { "eq": "Last7" } } } }),
            "t.customer_id <> 7".to_owned(),
        ),
    ] {
        ORDERS.same(&api, filter, &condition).await;
    }
    let order = "EXISTS (SELECT FROM sales_order o JOIN customer c USING (customer_id)
                 LEFT JOIN person p ON p.business_entity_id = c.person_id
                 WHERE o.sales_order_id = t.sales_order_id AND";
    // Gives each line a rowguid, by which the test recognises it.
    write(
        &api.db.pool,
        "UPDATE sales_order_line SET rowguid =
             lpad((sales_order_id * 10 + sales_order_detail_id)::text, 32, '0')::uuid",
    )
    .await;
    for (filter, condition) in [
        (json!({ "order": { "status": { "eq": "SHIPPED" } } }), format!("{order} o.status = 5)")),
        (
            json!({ "customer": { "customerId": { "eq": 7 } } }),
            format!("{order} c.customer_id = 7)"),
        ),
        (
            json!({ "person": { "firstName": { "ieq": "FIRST7" } } }),
            format!("{order} p.first_name = 'First7')"),
        ),
        (
            json!({ "product": { "weight": { "gt": 5 } } }),
            "t.product_id IN (SELECT product_id FROM product WHERE weight > 5)".to_owned(),
        ),
        (
            json!({ "specialOfferProduct": { "specialOfferId": { "eq": 2 } } }),
            "t.special_offer_id = 2".to_owned(),
        ),
    ] {
        LINES.same(&api, filter, &condition).await;
    }
}

#[tokio::test]
async fn lists_are_quantified_and_counted() {
    let api = api().await;
    let lines = "SELECT FROM sales_order_line l WHERE l.sales_order_id = t.sales_order_id";
    let number =
        "(SELECT count(*) FROM sales_order_line l WHERE l.sales_order_id = t.sales_order_id)";
    for (filter, condition) in [
        (
            json!({ "some": { "unitPrice": { "gt": "70.0007" } } }),
            format!("EXISTS ({lines} AND l.unit_price > 70.0007)"),
        ),
        (
            json!({ "every": { "unitPrice": { "gt": "40.0004" } } }),
            format!("NOT EXISTS ({lines} AND NOT l.unit_price > 40.0004)"),
        ),
        (
            json!({ "none": { "unitPrice": { "gt": "70.0007" } } }),
            format!("NOT EXISTS ({lines} AND l.unit_price > 70.0007)"),
        ),
        (json!({ "some": {} }), format!("EXISTS ({lines})")),
        (json!({ "none": {} }), format!("NOT EXISTS ({lines})")),
        // Different lines may meet the two conditions.
        (
            json!({ "some": { "unitPrice": { "gt": 50 } }, "none": { "orderQuantity": { "eq": 4 } } }),
            format!(
                "EXISTS ({lines} AND l.unit_price > 50)
                 AND NOT EXISTS ({lines} AND l.order_quantity = 4)"
            ),
        ),
        // A product without a weight does not meet it.
        (
            json!({ "every": { "product": { "weight": { "gt": 0 } } } }),
            format!(
                "NOT EXISTS ({lines} AND l.product_id NOT IN
                 (SELECT product_id FROM product WHERE weight > 0))"
            ),
        ),
        (json!({ "count": { "gte": 3 } }), format!("{number} >= 3")),
        (json!({ "count": { "gt": 2, "lte": 4 } }), format!("{number} > 2 AND {number} <= 4")),
        (json!({ "count": { "eq": 0 } }), format!("{number} = 0")),
        (json!({ "count": { "ne": 2 } }), format!("{number} <> 2")),
        (json!({ "count": { "lt": 4 } }), format!("{number} < 4")),
    ] {
        ORDERS.same(&api, json!({ "lines": filter }), &condition).await;
    }
    ORDERS.everything(&api, json!({ "lines": { "every": {} } })).await;
    ORDERS.nothing(&api, json!({ "lines": { "count": { "lt": 0 } } })).await;
    CUSTOMERS
        .same(
            &api,
            json!({ "orders": { "some": { "lines": { "some": { "product": { "productId": { "eq": 7 } } } } } } }),
            "EXISTS (SELECT FROM sales_order o JOIN sales_order_line l USING (sales_order_id)
                     WHERE o.customer_id = t.customer_id AND l.product_id = 7)",
        )
        .await;
}

#[tokio::test]
async fn a_keyword_is_searched_in_all_rows_a_line_refers_to() {
    let api = api().await;
    write(
        &api.db.pool,
        "UPDATE sales_order_line SET rowguid =
             lpad((sales_order_id * 10 + sales_order_detail_id)::text, 32, '0')::uuid",
    )
    .await;
    let word = |word: &str| {
        format!(
            "EXISTS (SELECT FROM sales_order o JOIN customer c USING (customer_id)
             JOIN product p ON p.product_id = t.product_id
             LEFT JOIN person h ON h.business_entity_id = c.person_id
             WHERE o.sales_order_id = t.sales_order_id
             AND strpos(lower(concat_ws('|', p.name, p.product_number, o.sales_order_number,
                        c.account_number, h.first_name, h.last_name)), '{word}') > 0)"
        )
    };
    for one in ["product 7", "p-8", "so7001", "aw00000060", "first7", "last41"] {
        let condition = one.split(' ').map(&word).collect::<Vec<_>>().join(" AND ");
        LINES.same(&api, json!({ "keyword": one.to_uppercase() }), &condition).await;
    }
    let both = format!("{} AND {}", word("last7"), word("p-4"));
    LINES.same(&api, json!({ "keyword": " last7  P-4 " }), &both).await;
    LINES.nothing(&api, json!({ "keyword": "%" })).await;
    LINES.everything(&api, json!({ "keyword": " " })).await;
}

#[tokio::test]
async fn rows_are_filtered_by_id() {
    let api = api().await;
    let query = "{ a: salesOrder(salesOrderId: 7001) { id }
        b: salesOrder(salesOrderId: 7002) { id lines { nodes { id rowguid } } } }";
    let data = api.data(query).await;
    let ids = json!([data["a"]["id"], data["b"]["id"]]);
    let wanted = "t.sales_order_id IN (7001, 7002)";
    ORDERS.same(&api, json!({ "id": { "in": ids } }), wanted).await;
    ORDERS.same(&api, json!({ "id": { "eq": ids[0] } }), "t.sales_order_id = 7001").await;
    let line = &data["b"]["lines"]["nodes"][0]["id"];
    let query = "query($f: SalesFilter) { salesOrderLines(filter: $f) { nodes { id } } }";
    let answer = api.ask_with(query, json!({ "f": { "id": { "in": [line] } } })).await;
    assert_eq!(answer["data"]["salesOrderLines"]["nodes"], json!([{ "id": line }]));
}

#[tokio::test]
async fn ledger_and_nested_lists_can_be_filtered() {
    let api = api().await;
    let data = api
        .data(
            r#"{
            failed: loadRuns(filter: { error: { code: { eq: "UNAVAILABLE" } } }) { nodes { state } }
            well: loadRuns(filter: { error: { code: { isNull: true } } }) { nodes { state } }
            not: loadRuns(filter: { not: { error: { message: { contains: "S3" } } } }) { totalCount }
            read: loadRuns(filter: { rowsRead: { gt: 100 } }) { nodes { state } }
            rejects: loadRejects(filter: { file: { state: { eq: LOADED } }, column: { ieq: "totaldue" } }) {
                totalCount }
            customer(customerId: 7) {
                orders(filter: { lines: { count: { gte: 4 } } }) { totalCount nodes { salesOrderId } }
            }
            customers(filter: { customerId: { in: [8, 9] } }) { nodes {
                orders(filter: { salesOrderNumber: { endsWith: "2" } }) { nodes { salesOrderId } }
            } }
        }"#,
        )
        .await;
    assert_eq!(data["failed"]["nodes"], json!([{ "state": "FAILED" }]));
    assert_eq!(data["well"]["nodes"], json!([{ "state": "SUCCEEDED_WITH_REJECTS" }]));
    assert_eq!(data["not"]["totalCount"], 1);
    assert_eq!(data["read"]["nodes"], json!([{ "state": "SUCCEEDED_WITH_REJECTS" }]));
    assert_eq!(data["rejects"]["totalCount"], 1);
    let orders = json!([{ "salesOrderId": 7002 }, { "salesOrderId": 7003 }]);
    assert_eq!(data["customer"]["orders"], json!({ "totalCount": 2, "nodes": orders }));
    let nested = json!([
        { "orders": { "nodes": [{ "salesOrderId": 8002 }] } },
        { "orders": { "nodes": [{ "salesOrderId": 9002 }] } },
    ]);
    assert_eq!(data["customers"]["nodes"], nested);
}

#[tokio::test]
async fn an_invalid_filter_is_refused_by_path() {
    let api = api().await;
    let query = "query($f: SalesOrderFilter) { salesOrders(filter: $f) { totalCount } }";
    for (filter, place) in [
        (
            json!({ "lines": { "some": { "unitPrice": { "gt": "x" } } } }),
            "filter.lines.some.unitPrice.gt:",
        ),
        (json!({ "comment": { "eq": null } }), "filter.comment.eq:"),
        (json!({ "comment": { "eq": "\u{0}" } }), "filter.comment.eq:"),
    ] {
        let answer = api.ask_with(query, json!({ "f": filter })).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        assert_eq!(error["extensions"]["argument"], "filter", "{answer}");
        assert!(error["message"].as_str().unwrap().starts_with(place), "{answer}");
    }
    // A variable without a value and a null filter are as good as left out.
    let query = "query($x: Decimal, $f: SalesOrderFilter) {
        a: salesOrders(filter: { totalDue: { eq: $x } }) { totalCount }
        b: salesOrders(filter: $f) { totalCount } c: salesOrders(filter: null) { totalCount }
        d: salesOrders { totalCount } }";
    let data = api.data(query).await;
    for key in ["a", "b", "c"] {
        assert_eq!(data[key], data["d"], "{key}");
    }
}

#[tokio::test]
async fn an_operand_whose_variable_has_no_value_is_left_out_everywhere() {
    let api = api().await;
    let query = "query($x: String, $n: Int) {
        or: products(filter: { or: [{ name: { eq: $x } }, { productId: { lt: 0 } }] }) { totalCount }
        onlyOr: products(filter: { or: [{ name: { eq: $x } }] }) { totalCount }
        not: products(filter: { not: { name: { eq: $x } } }) { totalCount }
        and: products(filter: { and: [{ name: { eq: $x } }, { productId: { lt: 0 } }] }) { totalCount }
        some: products(filter: { lines: { some: { orderQuantity: { gt: $n } } } }) { totalCount }
        count: products(filter: { lines: { count: { gt: $n } } }) { totalCount }
        none: products { totalCount }
        nested: customers(first: 1) { nodes { orders(filter: { not: { comment: { eq: $x } } }) {
            totalCount } all: orders { totalCount } } }
        groups: salesAggregate(groupBy: PRODUCT, filter: { not: { keyword: $x } },
            having: { not: { orderCount: { gt: $n } } }) { totalCount }
        allGroups: salesAggregate(groupBy: PRODUCT) { totalCount }
        measured: salesAggregate { nodes { measures(filter: { not: { keyword: $x } }) { lineCount }
            all: measures { lineCount } } } }";
    let data = api.data(query).await;
    let all = &data["none"];
    assert!(all["totalCount"].as_i64().unwrap() > 0, "{data}");
    for key in ["onlyOr", "not", "some", "count"] {
        assert_eq!(&data[key], all, "{key}");
    }
    for key in ["or", "and"] {
        assert_eq!(data[key]["totalCount"], 0, "{key}");
    }
    assert_eq!(data["groups"], data["allGroups"]);
    let customer = &data["nested"]["nodes"][0];
    assert_eq!(customer["orders"], customer["all"]);
    let group = &data["measured"]["nodes"][0];
    assert_eq!(group["measures"], group["all"]);
    // With a value, they hold.
    let given = api.ask_with(query, json!({ "x": "no such name", "n": 1_000_000 })).await;
    for key in ["or", "onlyOr", "and", "some", "count"] {
        assert_eq!(given["data"][key]["totalCount"], 0, "{key}: {given}");
    }
    assert_eq!(&given["data"]["not"], all);
}
