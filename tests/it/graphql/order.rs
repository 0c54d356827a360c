//! Orders, each compared with SQL written by hand.

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{Api, on_one_machine, write};

/// Makes the rows differ, with nulls and ties.
const DIFFERENCES: &str = "
ALTER TABLE sales_order DROP CONSTRAINT sales_order_due_date,
    DROP CONSTRAINT sales_order_ship_date, DROP CONSTRAINT sales_order_total_due;
ALTER TABLE sales_order_line DROP CONSTRAINT sales_order_line_line_total;
UPDATE sales_order SET total_due = (customer_id * 37) % 11 + 0.5 * (sales_order_id % 2),
       order_date = timestamp '2011-09-01' + (customer_id * 7 % 13) * interval '1 day',
       ship_date = CASE WHEN customer_id % 3 <> 0 THEN
                   timestamp '2011-10-01' + (customer_id * 5 % 17) * interval '1 day' END,
       status = 1 + customer_id % 6;
UPDATE product SET class = CASE product_id % 4 WHEN 0 THEN NULL WHEN 1 THEN 'M'
                                               WHEN 2 THEN 'H' ELSE 'L' END,
       weight = CASE WHEN product_id % 5 <> 0 THEN product_id * 7 % 11 + 1 END;
UPDATE sales_order_line SET order_quantity = 1 + (sales_order_id + sales_order_detail_id) % 9,
       line_total = product_id * 1.5 + sales_order_detail_id;
DELETE FROM sales_order_line WHERE product_id IN (3, 4, 5);
DELETE FROM sales_order_line WHERE sales_order_id > 50000 OR sales_order_id = 3001;
DELETE FROM sales_order WHERE sales_order_id > 50000 AND sales_order_id % 2 = 0;
DELETE FROM sales_order WHERE sales_order_id BETWEEN 58000 AND 59999 OR sales_order_id = 3001;
";

async fn api() -> Api {
    let api = Api::start().await;
    write(&api.db.pool, DIFFERENCES).await;
    api
}

/// Compares a list in an order with SQL; the order must differ from the list's own.
async fn same(api: &Api, list: &str, key: &str, order: &str, sql: &str) {
    let query = format!("{{ {list}(orderBy: {order}, first: 1000) {{ nodes {{ {key} }} }} }}");
    let data = api.data(&query).await;
    let nodes = data[list]["nodes"].as_array().unwrap();
    let rows: Vec<i64> = nodes.iter().map(|node| node[key].as_i64().unwrap()).collect();
    let mut machine = on_one_machine(&api.db.pool, sql).await;
    let wanted: Vec<i32> =
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *machine).await.unwrap();
    let wanted: Vec<i64> = wanted.into_iter().map(i64::from).collect();
    assert!(!wanted.is_sorted(), "{sql} is the order of the key");
    assert_eq!(rows, wanted, "{order} is not {sql}");
}

async fn orders(api: &Api, order: &str, by: &str) {
    let sql = format!(
        "SELECT t.sales_order_id FROM sales_order t JOIN customer c USING (customer_id)
         LEFT JOIN person p ON p.business_entity_id = c.person_id ORDER BY {by}, t.sales_order_id"
    );
    same(api, "salesOrders", "salesOrderId", order, &sql).await;
}

async fn products(api: &Api, order: &str, by: &str) {
    let sql = format!("SELECT t.product_id FROM product t ORDER BY {by}, t.product_id");
    same(api, "products", "productId", order, &sql).await;
}

async fn customers(api: &Api, order: &str, by: &str) {
    let sql = format!("SELECT t.customer_id FROM customer t ORDER BY {by}, t.customer_id");
    same(api, "customers", "customerId", order, &sql).await;
}

#[tokio::test]
async fn rows_are_ordered_by_columns_with_nulls_first_or_last() {
    let api = api().await;
    for (order, by) in [
        ("[{ field: TOTAL_DUE }]", "t.total_due"),
        ("{ field: TOTAL_DUE, direction: DESC }", "t.total_due DESC"),
        ("[{ field: ORDER_DATE, direction: ASC, nulls: FIRST }]", "t.order_date"),
        ("[{ field: SHIP_DATE }]", "t.ship_date NULLS LAST"),
        ("[{ field: SHIP_DATE, direction: DESC }]", "t.ship_date DESC NULLS LAST"),
        ("[{ field: SHIP_DATE, nulls: FIRST }]", "t.ship_date NULLS FIRST"),
        ("[{ field: SHIP_DATE, direction: DESC, nulls: FIRST }]", "t.ship_date DESC NULLS FIRST"),
        ("[{ field: STATUS, direction: DESC }]", "t.status DESC"),
        ("[{ field: SALES_ORDER_NUMBER }]", "t.sales_order_number"),
        ("[{ field: SALES_ORDER_ID, direction: DESC }]", "t.sales_order_id DESC"),
        ("[{ field: SOURCE_LINE, direction: DESC }]", "t.source_line DESC"),
        (
            "[{ field: STATUS }, { field: SHIP_DATE, direction: DESC, nulls: FIRST },
              { field: TOTAL_DUE, direction: DESC }]",
            "t.status, t.ship_date DESC NULLS FIRST, t.total_due DESC",
        ),
    ] {
        orders(&api, order, by).await;
    }
    products(&api, "{ field: CLASS }", "t.class NULLS LAST").await;
    products(&api, "{ field: WEIGHT, direction: DESC }", "t.weight DESC NULLS LAST").await;
}

#[tokio::test]
async fn rows_are_ordered_by_columns_of_related_rows() {
    let api = api().await;
    for (order, by) in [
        ("[{ field: CUSTOMER_ACCOUNT_NUMBER, direction: DESC }]", "c.account_number DESC"),
        // The last customer has no person.
        ("[{ field: PERSON_LAST_NAME }]", "p.last_name NULLS LAST"),
        ("[{ field: PERSON_LAST_NAME, nulls: FIRST }]", "p.last_name NULLS FIRST"),
        (
            "[{ field: CUSTOMER_TERRITORY_ID }, { field: PERSON_LAST_NAME, direction: DESC }]",
            "c.territory_id, p.last_name DESC NULLS LAST",
        ),
    ] {
        orders(&api, order, by).await;
    }
    let person = "(SELECT last_name FROM person WHERE business_entity_id = t.person_id)";
    let by = format!("{person} DESC NULLS FIRST");
    customers(&api, "{ field: PERSON_LAST_NAME, direction: DESC, nulls: FIRST }", &by).await;
    let sql = "SELECT t.sales_order_detail_id FROM sales_order_line t
               JOIN sales_order o USING (sales_order_id) JOIN product p USING (product_id)
               ORDER BY p.class NULLS FIRST, o.order_date DESC, o.customer_id,
                        t.sales_order_id, t.sales_order_detail_id";
    let order =
        "[{ field: PRODUCT_CLASS, nulls: FIRST }, { field: ORDER_ORDER_DATE, direction: DESC },
                  { field: CUSTOMER_CUSTOMER_ID }]";
    same(&api, "salesOrderLines", "salesOrderDetailId", order, sql).await;
}

#[tokio::test]
async fn rows_are_ordered_by_aggregates_over_related_rows() {
    let api = api().await;
    let of_customer = |what: &str| {
        format!("(SELECT {what} FROM sales_order o WHERE o.customer_id = t.customer_id)")
    };
    let count = of_customer("count(*)");
    let total = of_customer("coalesce(sum(o.total_due), 0)");
    customers(&api, "{ field: ORDER_COUNT }", &count).await;
    customers(&api, "{ field: ORDER_COUNT, direction: DESC }", &format!("{count} DESC")).await;
    customers(&api, "{ field: ORDER_TOTAL, direction: DESC }", &format!("{total} DESC")).await;
    let order = "[{ field: ORDER_COUNT }, { field: PERSON_LAST_NAME }]";
    let person = "(SELECT last_name FROM person WHERE business_entity_id = t.person_id)";
    customers(&api, order, &format!("{count}, {person} NULLS LAST")).await;

    let of_product = |what: &str| {
        format!("(SELECT {what} FROM sales_order_line l WHERE l.product_id = t.product_id)")
    };
    for (field, what) in [
        ("LINE_COUNT", "count(*)"),
        ("QUANTITY_SOLD", "coalesce(sum(l.order_quantity), 0)"),
        ("SALES_TOTAL", "coalesce(sum(l.line_total), 0)"),
    ] {
        let by = of_product(what);
        products(&api, &format!("{{ field: {field} }}"), &by).await;
        let order = format!("{{ field: {field}, direction: DESC, nulls: FIRST }}");
        products(&api, &order, &format!("{by} DESC")).await;
    }

    let of_order = |what: &str| {
        format!("(SELECT {what} FROM sales_order_line l WHERE l.sales_order_id = t.sales_order_id)")
    };
    orders(
        &api,
        "{ field: LINE_COUNT, direction: DESC }",
        &format!("{} DESC", of_order("count(*)")),
    )
    .await;
    orders(&api, "{ field: QUANTITY }", &of_order("coalesce(sum(l.order_quantity), 0)")).await;

    write(
        &api.db.pool,
        "UPDATE customer SET person_id = 1 + customer_id % 7 WHERE customer_id < 30",
    )
    .await;
    let sql = "SELECT t.business_entity_id FROM person t ORDER BY
               (SELECT count(*) FROM customer c WHERE c.person_id = t.business_entity_id) DESC, 1";
    let order = "{ field: CUSTOMER_COUNT, direction: DESC }";
    same(&api, "persons", "businessEntityId", order, sql).await;
}

#[tokio::test]
async fn nested_lists_have_orders_of_their_own() {
    let api = api().await;
    let data = api
        .data(
            "{ customers(first: 3, orderBy: { field: CUSTOMER_ID, direction: DESC }) { nodes {
                customerId
            } }
            some: customers(filter: { customerId: { in: [7, 8] } }) { nodes {
                orders(first: 2, orderBy: [{ field: LINE_COUNT, direction: DESC }]) {
                    nodes { salesOrderId }
                }
            } }
            loadRuns(orderBy: { field: STARTED_AT }) { nodes { state } }
            failed: loadRuns(orderBy: { field: ERROR_CODE, nulls: FIRST }) { nodes { state } } }",
        )
        .await;
    let ids = json!([{ "customerId": 60 }, { "customerId": 59 }, { "customerId": 58 }]);
    assert_eq!(data["customers"]["nodes"], ids);
    let mut wanted = Vec::new();
    for customer in [7, 8] {
        let sql = "SELECT sales_order_id FROM sales_order o WHERE customer_id = $1 ORDER BY
             (SELECT count(*) FROM sales_order_line l WHERE l.sales_order_id = o.sales_order_id)
             DESC, sales_order_id LIMIT 2";
        let mut machine = on_one_machine(&api.db.pool, sql).await;
        let ids: Vec<i32> =
            sqlx::query_scalar(sql).bind(customer).fetch_all(&mut *machine).await.unwrap();
        let nodes: Vec<Value> = ids.iter().map(|id| json!({ "salesOrderId": id })).collect();
        wanted.push(json!({ "orders": { "nodes": nodes } }));
    }
    assert_eq!(data["some"]["nodes"], json!(wanted));
    let states = json!([{ "state": "SUCCEEDED_WITH_REJECTS" }, { "state": "FAILED" }]);
    assert_eq!(data["loadRuns"]["nodes"], states);
    assert_eq!(data["failed"]["nodes"], states);
}

#[tokio::test]
async fn an_invalid_order_is_refused_by_path() {
    let api = api().await;
    let query = "query($o: [ProductOrder!]) { products(orderBy: $o) { totalCount } }";
    let twice = json!([{ "field": "NAME" }, { "field": "NAME" }]);
    let answer = api.ask_with(query, json!({ "o": twice })).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    assert_eq!(error["extensions"]["argument"], "orderBy", "{answer}");
    assert_eq!(error["message"], "orderBy[1]: NAME is given twice");
    for order in ["null", "[]"] {
        let data = api
            .data(&format!(
                "{{ products(orderBy: {order}, first: 1) {{ nodes {{ productId }} }} }}"
            ))
            .await;
        assert_eq!(data["products"]["nodes"], json!([{ "productId": 1 }]), "{order}");
    }
}
