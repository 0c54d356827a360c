//! What is asked for, in the words of each side.

use serde_json::{Map, Value, json};

use crate::Result;

pub(crate) struct Question {
    pub(crate) name: &'static str,
    /// For the table.
    pub(crate) title: &'static str,
    /// The engines' function with its arguments, as JSON.
    pub(crate) engine: &'static str,
    /// Over Postgres' rows; a text of JSON.
    pub(crate) sql: &'static str,
    /// The arguments of `salesAggregate`, and the fields of its nodes.
    pub(crate) graphql: (&'static str, &'static str),
    /// Where the fields of a row are in a node.
    places: &'static [&'static str],
    /// Whether the answer is the totals of months, and not rows.
    is_totals: bool,
}

pub(crate) const ALL: &[Question] = &[
    Question {
        name: "month",
        title: "lines and total by month",
        engine: r#"["totals"]"#,
        sql: "WITH months AS (SELECT to_char(order_date, 'YYYY-MM') AS month, count(*) AS lines, \
                sum(line_total) AS total \
                FROM sales_order_line JOIN sales_order USING (sales_order_id) GROUP BY 1) \
              SELECT json_build_object('lines', sum(lines), 'total', sum(total)::text, 'months', \
                json_object_agg(month, json_build_array(lines, total::text)))::text FROM months",
        graphql: (
            "groupBy: [ORDER_MONTH], first: 1000",
            "key { orderMonth } measures { lineCount lineTotal { sum } }",
        ),
        places: &["/key/orderMonth", "/measures/lineCount", "/measures/lineTotal/sum"],
        is_totals: true,
    },
    Question {
        name: "product",
        title: "lines and total by product",
        engine: r#"["by_product"]"#,
        sql: "SELECT json_agg(json_build_array(product_id, lines, total::text) \
                ORDER BY product_id)::text \
              FROM (SELECT product_id, count(*) AS lines, sum(line_total) AS total \
                FROM sales_order_line GROUP BY 1) AS products",
        graphql: (
            "groupBy: [PRODUCT], first: 1000",
            "key { product { productId } } measures { lineCount lineTotal { sum } }",
        ),
        places: &["/key/product/productId", "/measures/lineCount", "/measures/lineTotal/sum"],
        is_totals: false,
    },
    Question {
        name: "customer",
        title: "the 10 customers with the most orders",
        engine: r#"["most_orders", 10]"#,
        sql: "SELECT json_agg(json_build_array(customer_id, orders) \
                ORDER BY orders DESC, customer_id)::text \
              FROM (SELECT customer_id, count(DISTINCT sales_order_id) AS orders \
                FROM sales_order_line JOIN sales_order USING (sales_order_id) \
                GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10) AS customers",
        graphql: (
            "groupBy: [CUSTOMER], orderBy: [{ measure: ORDER_COUNT, direction: DESC }], first: 10",
            "key { customer { customerId } } measures { orderCount }",
        ),
        places: &["/key/customer/customerId", "/measures/orderCount"],
        is_totals: false,
    },
];

impl Question {
    /// What the API answered, in the form of the other sides.
    pub(crate) fn plain(&self, data: &Value) -> Result<Value> {
        let node = |node: &Value| -> Option<Vec<Value>> {
            self.places.iter().map(|place| node.pointer(place).cloned()).collect()
        };
        let nodes = data.pointer("/salesAggregate/nodes").and_then(Value::as_array);
        let rows: Option<Vec<_>> = nodes.ok_or("no nodes")?.iter().map(node).collect();
        let rows = rows.ok_or("a node without a field")?;
        if !self.is_totals {
            return Ok(json!(rows));
        }
        let mut months = Map::new();
        for row in rows {
            let [day, lines, total] = <[Value; 3]>::try_from(row).map_err(|_| "no month")?;
            let month = day.as_str().and_then(|day| day.get(..7)).ok_or("no day")?;
            months.insert(month.to_owned(), json!([lines, total]));
        }
        let all = data.pointer("/all/nodes/0/measures").ok_or("no totals")?;
        let at = |place: &str| all.pointer(place).cloned();
        Ok(json!({ "lines": at("/lineCount"), "total": at("/lineTotal/sum"), "months": months }))
    }

    /// The document for the API.
    pub(crate) fn document(&self) -> String {
        let (arguments, fields) = self.graphql;
        let all = if self.is_totals {
            "all: salesAggregate { nodes { measures { lineCount lineTotal { sum } } } }"
        } else {
            ""
        };
        format!("{{ salesAggregate({arguments}) {{ nodes {{ {fields} }} }} {all} }}")
    }
}
