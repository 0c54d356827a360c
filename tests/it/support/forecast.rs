//! The demand forecast recomputed day by day from the rows themselves.

use sqlx::{AssertSqlSafe, Executor as _, PgPool};

/// Compares the view with it for every date; returns the number of rows. Only for
/// one product in twelve, because it is slow.
pub(crate) async fn assert_as_worked_out(pool: &PgPool, when: &str) -> i64 {
    assert_of(pool, when, "product_id % 12 = 7").await
}

/// Likewise for every product.
pub(crate) async fn assert_all_as_worked_out(pool: &PgPool, when: &str) -> i64 {
    assert_of(pool, when, "true").await
}

async fn assert_of(pool: &PgPool, when: &str, products: &str) -> i64 {
    let mut connection = pool.acquire().await.expect("a connection");
    let work_out = AssertSqlSafe(WORK_OUT.replace("{products}", products));
    connection.execute(work_out).await.expect("the rows");
    let compare = format!(
        "SELECT concat_ws(' ', 'product', product_id, date, 'is', stored.predicted_quantity, \
           stored.basis_days, 'and not', right_one.predicted_quantity, right_one.basis_days) \
         FROM right_one FULL JOIN (SELECT * FROM demand_forecast WHERE {products}) AS stored \
           USING (product_id, date) \
         WHERE (stored.predicted_quantity, stored.basis_days) \
           IS DISTINCT FROM (right_one.predicted_quantity, right_one.basis_days) \
         ORDER BY date, product_id LIMIT 10"
    );
    let differing: Vec<String> = sqlx::query_scalar(AssertSqlSafe(compare))
        .fetch_all(&mut *connection)
        .await
        .expect("a comparison");
    assert!(differing.is_empty(), "{when}: {differing:#?}");
    let count = sqlx::query_scalar("SELECT count(*) FROM right_one")
        .fetch_one(&mut *connection)
        .await
        .expect("a count");
    connection.execute("DROP TABLE right_one, sold").await.expect("they go");
    count
}

const WORK_OUT: &str = "
CREATE TEMP TABLE sold AS
SELECT product_id, order_date::date AS day, extract(dow FROM order_date) AS dow,
    sum(order_quantity) AS quantity
FROM sales_order_line JOIN sales_order USING (sales_order_id) WHERE {products} GROUP BY 1, 2, 3;
CREATE INDEX ON sold (product_id, dow, day);
CREATE TEMP TABLE right_one AS
SELECT product_id, date, median::numeric AS predicted_quantity, days AS basis_days
FROM (SELECT DISTINCT product_id FROM sold) AS product
CROSS JOIN (
    SELECT date_trunc('day', moment)::date AS date FROM generate_series(
        (SELECT min(order_date) FROM sales_order),
        (SELECT max(order_date) + interval '28 days' FROM sales_order), '1 day') AS moment
) AS day
CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY quantity) AS median, count(*) AS days
    FROM (SELECT quantity FROM sold
          WHERE sold.product_id = product.product_id AND dow = extract(dow FROM date) AND day < date
          ORDER BY day DESC LIMIT 4) AS latest
) AS forecast
WHERE days > 0";
