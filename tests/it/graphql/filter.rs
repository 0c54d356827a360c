//! Filters by values, each compared with SQL written by hand.

use serde_json::json;

use crate::support::filtered::{ORDERS, PRODUCTS, api};

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
    // A number beyond any column's range is still a number.
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
async fn conditions_combine_and_not_treats_null_as_false() {
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
