//! Filtered lists, compared with SQL written by hand.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use super::Api;
use crate::support::{on_one_machine, write};

/// Makes the rows differ in nulls, case, wildcards and digits.
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

/// An API over these rows.
pub(crate) async fn api() -> Api {
    let api = Api::start().await;
    write(&api.db.pool, DIFFERENCES).await;
    api
}

/// A list of the schema, the field that identifies its rows, and its table.
pub(crate) struct List {
    field: &'static str,
    filter: &'static str,
    key: &'static str,
    sql: &'static str,
}

pub(crate) const ORDERS: List = List {
    field: "salesOrders",
    filter: "SalesOrderFilter",
    key: "salesOrderId",
    sql: "SELECT t.sales_order_id::text FROM sales_order t WHERE ",
};
pub(crate) const PRODUCTS: List = List {
    field: "products",
    filter: "ProductFilter",
    key: "productId",
    sql: "SELECT t.product_id::text FROM product t WHERE ",
};
pub(crate) const CUSTOMERS: List = List {
    field: "customers",
    filter: "CustomerFilter",
    key: "customerId",
    sql: "SELECT t.customer_id::text FROM customer t WHERE ",
};
pub(crate) const LINES: List = List {
    field: "salesOrderLines",
    filter: "SalesFilter",
    key: "rowguid",
    sql: "SELECT t.rowguid::text FROM sales_order_line t WHERE ",
};

impl List {
    /// The rows of a filter, given as a variable; checks their `totalCount`.
    pub(crate) async fn rows(&self, api: &Api, filter: &Value) -> BTreeSet<String> {
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

    /// Compares a filter with a condition in SQL, which must hold for some rows only.
    pub(crate) async fn same(&self, api: &Api, filter: Value, condition: &str) {
        let wanted = self.wanted(api, condition).await;
        let all = self.wanted(api, "true").await;
        assert!(!wanted.is_empty() && wanted != all, "{condition} holds for all rows or none");
        assert_eq!(self.rows(api, &filter).await, wanted, "{filter} is not {condition}");
    }

    /// A filter that keeps all rows.
    pub(crate) async fn everything(&self, api: &Api, filter: Value) {
        assert_eq!(self.rows(api, &filter).await, self.wanted(api, "true").await, "{filter}");
    }

    /// A filter that keeps none.
    pub(crate) async fn nothing(&self, api: &Api, filter: Value) {
        assert_eq!(self.rows(api, &filter).await, BTreeSet::new(), "{filter}");
    }

    /// The rows of a condition in SQL.
    pub(crate) async fn wanted(&self, api: &Api, condition: &str) -> BTreeSet<String> {
        let sql = format!("{}({condition})", self.sql);
        let mut machine = on_one_machine(&api.db.pool, &sql).await;
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *machine).await.unwrap();
        rows.into_iter().collect()
    }
}
