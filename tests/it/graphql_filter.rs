//! What filters mean, each against SQL written by hand.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _};

use crate::support::Api;

/// Makes the rows differ, with nulls, case, wildcards and digits to tell apart.
const DIFFERENCES: &str = r"
ALTER TABLE sales_order DROP CONSTRAINT sales_order_due_date,
    DROP CONSTRAINT sales_order_ship_date, DROP CONSTRAINT sales_order_total_due;
ALTER TABLE sales_order_line DROP CONSTRAINT sales_order_line_line_total;
UPDATE sales_order SET order_date = timestamp '2011-09-01' + customer_id * interval '12 hours',
       total_due = customer_id + 0.0001 * (sales_order_id % 10),
       status = 1 + sales_order_id % 6, online_order_flag = customer_id % 2 = 0,
       comment = CASE WHEN customer_id % 3 = 0 THEN NULL
                      ELSE 'Note ' || chr(64 + customer_id % 26) || CASE customer_id % 4
                           WHEN 0 THEN '%' WHEN 1 THEN '_' WHEN 2 THEN '\' ELSE 'x' END END,
       credit_card_id = CASE WHEN customer_id % 5 <> 0 THEN customer_id END,
       ship_date = CASE WHEN customer_id % 7 <> 0 THEN timestamp '2011-10-01' END,
       rowguid = lpad(sales_order_id::text, 32, '0')::uuid,
       loaded_at = timestamptz '2026-01-01 10:00:00Z' + customer_id * interval '1 minute';
UPDATE product SET weight = CASE WHEN product_id % 4 = 1 THEN NULL ELSE product_id * 1.25 END,
       class = CASE product_id % 3 WHEN 0 THEN NULL WHEN 1 THEN 'H' ELSE 'L' END,
       color = CASE WHEN product_id % 2 = 0 THEN 'Red' END;
UPDATE sales_order_line SET unit_price = product_id * 10.0001, order_quantity = 1 + product_id % 5;
DELETE FROM sales_order_line WHERE sales_order_id BETWEEN 10000 AND 12000;
";

async fn api() -> Api {
    let api = Api::start().await;
    api.db.pool.execute(DIFFERENCES).await.unwrap();
    api
}

/// A list of the schema, the field that tells its rows apart, and the table.
struct List {
    field: &'static str,
    filter: &'static str,
    key: &'static str,
    sql: &'static str,
}

const ORDERS: List = List {
    field: "salesOrders",
    filter: "SalesOrderFilter",
    key: "salesOrderId",
    sql: "SELECT t.sales_order_id::text FROM sales_order t WHERE ",
};
const PRODUCTS: List = List {
    field: "products",
    filter: "ProductFilter",
    key: "productId",
    sql: "SELECT t.product_id::text FROM product t WHERE ",
};
const CUSTOMERS: List = List {
    field: "customers",
    filter: "CustomerFilter",
    key: "customerId",
    sql: "SELECT t.customer_id::text FROM customer t WHERE ",
};
const LINES: List = List {
    field: "salesOrderLines",
    filter: "SalesFilter",
    key: "rowguid",
    sql: "SELECT t.rowguid::text FROM sales_order_line t WHERE ",
};

impl List {
    /// The rows that a filter brings, as variable and with their number.
    async fn rows(&self, api: &Api, filter: &Value) -> BTreeSet<String> {
        let Self { field, filter: ty, key, .. } = self;
        let query = format!(
            "query($f: {ty}) {{ {field}(filter: $f, first: 1000) {{ totalCount nodes {{ {key} }} }} }}"
        );
        let answer = api.ask_with(&query, json!({ "f": filter })).await;
        assert_eq!(answer["errors"], Value::Null, "{filter}");
        let list = &answer["data"][field];
        let nodes = list["nodes"].as_array().unwrap();
        assert_eq!(list["totalCount"], nodes.len(), "{filter}");
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let rows: BTreeSet<String> = nodes.iter().map(|node| text(&node[key])).collect();
        assert_eq!(rows.len(), nodes.len(), "{filter}: a row came twice");
        rows
    }

    /// Compares a filter with a condition in SQL, which must tell rows apart.
    async fn same(&self, api: &Api, filter: Value, condition: &str) {
        let wanted = self.wanted(api, condition).await;
        let all = self.wanted(api, "true").await;
        assert!(!wanted.is_empty() && wanted != all, "{condition} tells nothing apart");
        assert_eq!(self.rows(api, &filter).await, wanted, "{filter} is not {condition}");
    }

    async fn everything(&self, api: &Api, filter: Value) {
        assert_eq!(self.rows(api, &filter).await, self.wanted(api, "true").await, "{filter}");
    }

    async fn nothing(&self, api: &Api, filter: Value) {
        assert_eq!(self.rows(api, &filter).await, BTreeSet::new(), "{filter}");
    }

    async fn wanted(&self, api: &Api, condition: &str) -> BTreeSet<String> {
        let sql = format!("{}({condition})", self.sql);
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&api.db.pool).await.unwrap();
        rows.into_iter().collect()
    }
}

#[tokio::test]
async fn numbers_compare() {
    let api = api().await;
    for (operator, sql) in
        [("eq", "="), ("ne", "<>"), ("lt", "<"), ("lte", "<="), ("gt", ">"), ("gte", ">=")]
    {
        let condition = |column: &str, value: &str| format!("t.{column} {sql} {value}");
        let filter = json!({ "creditCardId": { operator: 21 } });
        ORDERS.same(&api, filter, &condition("credit_card_id", "21")).await;
        // A Decimal is exact, as a string or as a whole number.
        let filter = json!({ "totalDue": { operator: "21.00020" } });
        ORDERS.same(&api, filter, &condition("total_due", "21.0002")).await;
        let filter = json!({ "weight": { operator: 5 } });
        PRODUCTS.same(&api, filter, &condition("weight", "5")).await;
        let filter = json!({ "source": { "line": { operator: 40 } } });
        ORDERS.same(&api, filter, &condition("source_line", "40")).await;
    }
    ORDERS
        .same(&api, json!({ "creditCardId": { "in": [1, 2, 3] } }), "t.credit_card_id IN (1, 2, 3)")
        .await;
    ORDERS.same(&api, json!({ "creditCardId": { "in": 7 } }), "t.credit_card_id = 7").await;
    ORDERS
        .same(
            &api,
            json!({ "creditCardId": { "notIn": [1, 2] } }),
            "t.credit_card_id IS NOT NULL AND t.credit_card_id NOT IN (1, 2)",
        )
        .await;
    ORDERS
        .same(
            &api,
            json!({ "totalDue": { "in": ["21.0001", 22] } }),
            "t.total_due IN (21.0001, 22)",
        )
        .await;
    ORDERS
        .same(
            &api,
            json!({ "totalDue": { "gte": 20, "lt": 30 } }),
            "t.total_due >= 20 AND t.total_due < 30",
        )
        .await;
    // What no column of this width holds is still a number.
    let wide = "9".repeat(1_000);
    ORDERS.nothing(&api, json!({ "totalDue": { "gt": wide } })).await;
    PRODUCTS.everything(&api, json!({ "safetyStockLevel": { "lt": 2_000_000_000 } })).await;
    ORDERS.everything(&api, json!({ "source": { "line": { "lt": i64::MAX } } })).await;
}

#[tokio::test]
async fn texts_compare() {
    let api = api().await;
    for (filter, condition) in [
        (json!({ "eq": "Note A_" }), "t.comment = 'Note A_'"),
        (json!({ "eq": r"Note B\" }), r"t.comment = 'Note B\'"),
        (json!({ "ne": "Note A_" }), "t.comment <> 'Note A_'"),
        (json!({ "in": ["Note A_", r"Note B\"] }), r"t.comment IN ('Note A_', 'Note B\')"),
        (json!({ "notIn": ["Note A_"] }), "t.comment NOT IN ('Note A_')"),
        (json!({ "lt": "Note F" }), "t.comment < 'Note F'"),
        (json!({ "gte": "Note F" }), "t.comment >= 'Note F'"),
        (json!({ "contains": "e A" }), "strpos(t.comment, 'e A') > 0"),
        (json!({ "contains": "%" }), "strpos(t.comment, '%') > 0"),
        (json!({ "contains": "_" }), "strpos(t.comment, '_') > 0"),
        (json!({ "contains": r"\" }), r"strpos(t.comment, '\') > 0"),
        (json!({ "startsWith": "Note A" }), "left(t.comment, 6) = 'Note A'"),
        (json!({ "endsWith": "%" }), "right(t.comment, 1) = '%'"),
        (json!({ "endsWith": "_" }), "right(t.comment, 1) = '_'"),
        (json!({ "ieq": "nOTE a_" }), "lower(t.comment) = 'note a_'"),
        (json!({ "ine": "nOTE a_" }), "lower(t.comment) <> 'note a_'"),
        (json!({ "iin": ["nOTE a_", "x"] }), "lower(t.comment) IN ('note a_', 'x')"),
        (json!({ "inotIn": ["nOTE a_"] }), "lower(t.comment) NOT IN ('note a_')"),
        (json!({ "icontains": "E a" }), "strpos(lower(t.comment), 'e a') > 0"),
        (json!({ "icontains": "%" }), "strpos(t.comment, '%') > 0"),
        (json!({ "istartsWith": "nOTE a" }), "left(lower(t.comment), 6) = 'note a'"),
        (json!({ "iendsWith": "X" }), "right(lower(t.comment), 1) = 'x'"),
        (json!({ "isNull": true }), "t.comment IS NULL"),
        (json!({ "isNull": false }), "t.comment IS NOT NULL"),
    ] {
        ORDERS.same(&api, json!({ "comment": filter }), condition).await;
    }
    ORDERS.nothing(&api, json!({ "comment": { "eq": "NOTE A_" } })).await;
    ORDERS.nothing(&api, json!({ "comment": { "contains": "' OR true --" } })).await;
}

#[tokio::test]
async fn codes_flags_ids_and_times_compare() {
    let api = api().await;
    let guid = "00000000-0000-0000-0000-000000007001";
    for (filter, condition) in [
        (json!({ "status": { "eq": "SHIPPED" } }), "t.status = 5"),
        (json!({ "status": { "ne": "SHIPPED" } }), "t.status <> 5"),
        (json!({ "status": { "in": ["APPROVED", "CANCELLED"] } }), "t.status IN (2, 6)"),
        (json!({ "status": { "notIn": ["APPROVED"] } }), "t.status <> 2"),
        (json!({ "onlineOrderFlag": { "eq": true } }), "t.online_order_flag"),
        (json!({ "onlineOrderFlag": { "ne": true } }), "NOT t.online_order_flag"),
        (json!({ "rowguid": { "eq": guid } }), "t.sales_order_id = 7001"),
        (json!({ "rowguid": { "ne": guid } }), "t.sales_order_id <> 7001"),
        (json!({ "rowguid": { "in": [guid] } }), "t.sales_order_id = 7001"),
        (json!({ "rowguid": { "notIn": [guid] } }), "t.sales_order_id <> 7001"),
        (json!({ "orderDate": { "lt": "2011-09-10" } }), "t.order_date < '2011-09-10'"),
        (json!({ "orderDate": { "eq": "2011-09-10" } }), "t.order_date = '2011-09-10 00:00'"),
        (json!({ "orderDate": { "ne": "2011-09-10" } }), "t.order_date <> '2011-09-10 00:00'"),
        (
            json!({ "orderDate": { "gte": "2011-09-10T12:00:00", "lte": "2011-09-20T12:00:00.000" } }),
            "t.order_date BETWEEN '2011-09-10 12:00' AND '2011-09-20 12:00'",
        ),
        (
            json!({ "orderDate": { "in": ["2011-09-10", "2011-09-10T12:00:00"] } }),
            "t.order_date IN ('2011-09-10', '2011-09-10 12:00')",
        ),
        (json!({ "shipDate": { "isNull": true } }), "t.ship_date IS NULL"),
        (json!({ "shipDate": { "notIn": [] } }), "t.ship_date IS NOT NULL"),
        (
            json!({ "source": { "loadedAt": { "gt": "2026-01-01T12:30:00+02:00" } } }),
            "t.loaded_at > '2026-01-01 10:30:00Z'",
        ),
        (
            json!({ "source": { "loadedAt": { "in": ["2026-01-01T10:07:00Z"] } } }),
            "t.loaded_at = '2026-01-01 10:07:00Z'",
        ),
    ] {
        ORDERS.same(&api, filter, condition).await;
    }
    for (filter, condition) in [
        (json!({ "class": { "eq": "HIGH" } }), "t.class = 'H'"),
        (json!({ "class": { "ne": "HIGH" } }), "t.class <> 'H'"),
        (json!({ "class": { "notIn": ["HIGH"] } }), "t.class <> 'H'"),
        (json!({ "class": { "isNull": true } }), "t.class IS NULL"),
    ] {
        PRODUCTS.same(&api, filter, condition).await;
    }
}

#[tokio::test]
async fn conditions_combine_and_not_has_two_values() {
    let api = api().await;
    for (filter, condition) in [
        (
            json!({ "status": { "eq": "SHIPPED" }, "totalDue": { "gt": 20 } }),
            "t.status = 5 AND t.total_due > 20",
        ),
        (
            json!({ "and": [{ "totalDue": { "gt": 20 } }, { "totalDue": { "lt": 30 } }] }),
            "t.total_due > 20 AND t.total_due < 30",
        ),
        (
            json!({ "or": [{ "totalDue": { "lt": 5 } }, { "totalDue": { "gt": 55 } }] }),
            "t.total_due < 5 OR t.total_due > 55",
        ),
        (
            json!({ "onlineOrderFlag": { "eq": true },
                    "or": [{ "totalDue": { "lt": 5 } }, { "status": { "eq": "SHIPPED" } }] }),
            "t.online_order_flag AND (t.total_due < 5 OR t.status = 5)",
        ),
        (
            json!({ "not": { "creditCardId": { "eq": 21 } } }),
            "t.credit_card_id IS DISTINCT FROM 21",
        ),
        (
            json!({ "not": { "creditCardId": { "ne": 21 } } }),
            "t.credit_card_id = 21 OR t.credit_card_id IS NULL",
        ),
        (
            json!({ "not": { "creditCardId": { "notIn": [21] } } }),
            "t.credit_card_id = 21 OR t.credit_card_id IS NULL",
        ),
        (
            json!({ "not": { "comment": { "icontains": "a" } } }),
            "t.comment IS NULL OR strpos(lower(t.comment), 'a') = 0",
        ),
        (
            json!({ "not": { "or": [{ "creditCardId": { "gt": 20 } }, { "comment": { "eq": "x" } }] } }),
            "t.credit_card_id IS NULL OR t.credit_card_id <= 20",
        ),
        (json!({ "not": { "not": { "creditCardId": { "gt": 20 } } } }), "t.credit_card_id > 20"),
        (
            json!({ "not": { "and": [{ "creditCardId": { "gt": 20 } }, { "not": { "status": { "eq": "SHIPPED" } } }] } }),
            "NOT (coalesce(t.credit_card_id > 20, false) AND t.status <> 5)",
        ),
    ] {
        ORDERS.same(&api, filter, condition).await;
    }
    for filter in [json!(null), json!({}), json!({ "and": [] }), json!({ "totalDue": {} })] {
        ORDERS.everything(&api, filter).await;
    }
    ORDERS.everything(&api, json!({ "not": { "or": [] } })).await;
    for filter in [json!({ "or": [] }), json!({ "not": {} }), json!({ "totalDue": { "in": [] } })] {
        ORDERS.nothing(&api, filter).await;
    }
}

#[tokio::test]
async fn relations_lead_to_other_rows() {
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
    // Lines are told apart by their rowguid.
    api.db
        .pool
        .execute(
            "UPDATE sales_order_line SET rowguid =
             lpad((sales_order_id * 10 + sales_order_detail_id)::text, 32, '0')::uuid",
        )
        .await
        .unwrap();
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
        // Both may be fulfilled by different lines.
        (
            json!({ "some": { "unitPrice": { "gt": 50 } }, "none": { "orderQuantity": { "eq": 4 } } }),
            format!(
                "EXISTS ({lines} AND l.unit_price > 50)
                 AND NOT EXISTS ({lines} AND l.order_quantity = 4)"
            ),
        ),
        // A product without weight does not fulfil it.
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
async fn a_keyword_is_found_in_all_that_a_line_leads_to() {
    let api = api().await;
    api.db
        .pool
        .execute(
            "UPDATE sales_order_line SET rowguid =
             lpad((sales_order_id * 10 + sales_order_detail_id)::text, 32, '0')::uuid",
        )
        .await
        .unwrap();
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
async fn ids_pick_rows() {
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
async fn the_ledger_and_nested_lists_are_filtered_too() {
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
async fn a_faulty_filter_is_refused_by_its_place() {
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
    // Without a value the variable is left out; so is a filter that is null.
    let query = "query($x: Decimal, $f: SalesOrderFilter) {
        a: salesOrders(filter: { totalDue: { eq: $x } }) { totalCount }
        b: salesOrders(filter: $f) { totalCount } c: salesOrders(filter: null) { totalCount }
        d: salesOrders { totalCount } }";
    let data = api.data(query).await;
    for key in ["a", "b", "c"] {
        assert_eq!(data[key], data["d"], "{key}");
    }
}
