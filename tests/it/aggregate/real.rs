//! Analysts' questions about the real files, each compared with SQL.

use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::load::real::real_files;
use crate::support::{TestApp, ask, on_one_machine};

/// The real files, loaded.
struct Real {
    app: TestApp,
    engine: Engine,
}

impl Real {
    async fn start() -> Option<Self> {
        let dir = real_files()?;
        let app = TestApp::start().await;
        app.put_dir(&dir).await;
        app.load().await;
        let engine = Engine::new(Reader::new(app.pool.clone()), Limits::default());
        Some(Self { app, engine })
    }

    /// A root field of an answer.
    async fn list(&self, query: &str) -> Value {
        let mut answer = ask(&self.engine, query).await;
        assert_eq!(answer["errors"], Value::Null, "{query}");
        answer["data"].as_object_mut().unwrap().values_mut().next().unwrap().take()
    }

    /// The rows of a statement as JSON.
    async fn rows(&self, sql: &str) -> Vec<Value> {
        let sql = format!("SELECT to_jsonb(answer)::text FROM ({sql}) AS answer");
        let mut machine = on_one_machine(&self.app.pool, &sql).await;
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *machine).await.unwrap();
        rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    }
}

/// The nodes of a list, each mapped by `read`.
fn nodes(list: &Value, read: impl Fn(&Value) -> Value) -> Vec<Value> {
    list["nodes"].as_array().unwrap().iter().map(read).collect()
}

#[tokio::test]
async fn analysts_questions_are_answered_as_by_sql() {
    let Some(real) = Real::start().await else { return };
    orders_of_three_lines(&real).await;
    top_products(&real).await;
    customers_by_orders(&real).await;
    quantities_by_product_and_day(&real).await;
    orders_of_september(&real).await;
    all_sales(&real).await;
}

async fn orders_of_three_lines(real: &Real) {
    let list = real
        .list("{ salesOrders(filter: { lines: { count: { gte: 3 } } }, first: 0) { totalCount } }")
        .await;
    assert_eq!(list, json!({ "totalCount": 12_757 }));
    let sql = "SELECT count(*) FROM (SELECT FROM sales_order_line GROUP BY sales_order_id
                                     HAVING count(*) >= 3) AS orders";
    assert_eq!(real.rows(sql).await, [json!({ "count": 12_757 })]);
}

async fn top_products(real: &Real) {
    let list = real.list(TOP_PRODUCTS).await;
    let found = nodes(&list, |node| {
        json!({
            "days": node["key"]["daysToManufacture"],
            "name": node["key"]["product"]["name"],
            "quantity": node["measures"]["orderQuantity"]["sum"],
        })
    });
    let sql = "SELECT days, name, quantity FROM (
                   SELECT days_to_manufacture AS days, product_id, name, quantity, rank() OVER (
                       PARTITION BY days_to_manufacture ORDER BY quantity DESC, product_id) AS place
                   FROM product JOIN (SELECT product_id, sum(order_quantity) AS quantity
                                      FROM sales_order_line GROUP BY 1) AS sold USING (product_id)
               ) AS ranked WHERE place <= 3 ORDER BY days, quantity DESC, product_id";
    let wanted = real.rows(sql).await;
    assert_eq!(found, wanted);
    assert_eq!(wanted.len(), 12, "{wanted:?}");
}

async fn customers_by_orders(real: &Real) {
    let list = real.list(CUSTOMERS).await;
    let found = nodes(&list, |node| {
        json!({
            "id": node["key"]["customer"]["customerId"],
            "name": node["key"]["customer"]["person"]["lastName"],
            "orders": node["measures"]["orderCount"],
            "total": node["measures"]["orderTotal"],
        })
    });
    let sql = "SELECT customer_id AS id, last_name AS name, count(*) AS orders,
                   sum(total_due)::text AS total
               FROM sales_order JOIN customer USING (customer_id)
               LEFT JOIN person ON business_entity_id = person_id
               GROUP BY customer_id, last_name ORDER BY orders DESC, customer_id LIMIT 500";
    assert_eq!(found, real.rows(sql).await);
    let customers = real.rows("SELECT count(DISTINCT customer_id) FROM sales_order").await;
    assert_eq!(list["totalCount"], customers[0]["count"]);
}

async fn orders_of_september(real: &Real) {
    let list = real.list(SEPTEMBER).await;
    let found = nodes(&list, |node| {
        json!({ "id": node["salesOrderId"], "total": node["totalDue"], "name":
                node["customer"]["person"]["lastName"] })
    });
    let sql = "SELECT sales_order_id AS id, total_due::text AS total, last_name AS name
               FROM sales_order JOIN customer USING (customer_id)
               LEFT JOIN person ON business_entity_id = person_id
               WHERE to_char(order_date, 'YYYY-MM') = '2011-09' AND total_due > 1000
               ORDER BY total_due DESC, sales_order_id";
    let wanted = real.rows(sql).await;
    assert_eq!(list["totalCount"], wanted.len());
    assert!(wanted.len() > 100 && found == wanted, "{found:?}");
}

/// All pages in turn.
async fn quantities_by_product_and_day(real: &Real) {
    let sql =
        "SELECT product_id AS product, order_date::date AS day, sum(order_quantity) AS quantity
               FROM sales_order_line JOIN sales_order USING (sales_order_id)
               GROUP BY 1, 2 ORDER BY 1, 2";
    let wanted = real.rows(sql).await;
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let list = real.list(&QUANTITIES.replace("after: null", &format!("after: {after}"))).await;
        assert_eq!(list["totalCount"], wanted.len());
        found.extend(nodes(&list, |node| {
            json!({
                "product": node["key"]["product"]["productId"],
                "day": node["key"]["orderDate"],
                "quantity": node["measures"]["orderQuantity"]["sum"],
            })
        }));
        if list["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = list["pageInfo"]["endCursor"].clone();
    }
    let other = found.iter().zip(&wanted).find(|(found, wanted)| found != wanted);
    assert_eq!(other, None);
    assert_eq!(found.len(), wanted.len());
}

/// Orders with many lines, products under several offers, customers whose keys differ
/// from their persons'.
async fn all_sales(real: &Real) {
    let list = real
        .list(
            "{ salesAggregate { nodes { measures { lineCount orderCount orderTotal customerCount
                 lineTotal { sum median } orderQuantity { sum } } } } }",
        )
        .await;
    let sql = "SELECT (SELECT count(*) FROM sales_order_line) AS \"lineCount\",
                   count(*) AS \"orderCount\", sum(total_due)::text AS \"orderTotal\",
                   count(DISTINCT customer_id) AS \"customerCount\",
                   (SELECT jsonb_build_object('sum', sum(line_total)::text, 'median',
                       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY line_total)::numeric, 6)::text)
                    FROM sales_order_line) AS \"lineTotal\",
                   (SELECT jsonb_build_object('sum', sum(order_quantity)) FROM sales_order_line)
                       AS \"orderQuantity\"
               FROM sales_order";
    let wanted = real.rows(sql).await;
    assert_eq!(nodes(&list, |node| node["measures"].clone()), wanted);
    assert_eq!(wanted[0]["orderTotal"], "123216786.1159");
}

const TOP_PRODUCTS: &str = "{
  salesAggregate(
    groupBy: [DAYS_TO_MANUFACTURE, PRODUCT]
    topPerGroup: { by: DAYS_TO_MANUFACTURE, first: 3 }
    orderBy: [{ dimension: DAYS_TO_MANUFACTURE }, { measure: ORDER_QUANTITY_SUM, direction: DESC }]
  ) {
    nodes {
      key { daysToManufacture product { name } }
      measures { orderQuantity { sum } }
    }
  }
}";

const CUSTOMERS: &str = "{
  salesAggregate(
    groupBy: CUSTOMER
    orderBy: { measure: ORDER_COUNT, direction: DESC }
    first: 500
  ) {
    totalCount
    nodes {
      key { customer { customerId person { firstName lastName } } }
      measures { orderCount orderTotal }
    }
  }
}";

const QUANTITIES: &str = "{
  salesAggregate(groupBy: [PRODUCT, ORDER_DATE], first: 1000, after: null) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      key { product { productId name } orderDate }
      measures { orderQuantity { sum } }
    }
  }
}";

const SEPTEMBER: &str = "{
  salesOrders(
    filter: { orderDate: { gte: \"2011-09-01\", lt: \"2011-10-01\" }, totalDue: { gt: \"1000\" } }
    orderBy: { field: TOTAL_DUE, direction: DESC }
    first: 1000
  ) {
    totalCount
    nodes { salesOrderId orderDate totalDue customer { person { firstName lastName } } }
  }
}";
