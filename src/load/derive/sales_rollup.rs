//! Precomputes sales by product and day, and by day, for the aggregates of the API. Days
//! before the first that may have changed are not touched.

use super::derivation::Derivation;

pub(super) static SALES_ROLLUP: Derivation = Derivation {
    step: "sales_rollup",
    tables: &["sales_by_product_day", "sales_by_day"],
    of_sales: &[BY_PRODUCT, BY_DAY],
    of_others: &[],
};

/// Sums up the table that was just written; only orders are counted again.
macro_rules! by_day {
    () => {
        "
    SELECT orders.day AS order_date, sum(line_count)::bigint AS line_count,
        min(orders.order_count) AS order_count, min(orders.order_total) AS order_total,
        sum(order_quantity_sum)::bigint AS order_quantity_sum,
        min(order_quantity_min) AS order_quantity_min,
        max(order_quantity_max) AS order_quantity_max,
        sum(unit_price_sum) AS unit_price_sum, min(unit_price_min) AS unit_price_min,
        max(unit_price_max) AS unit_price_max, sum(line_total_sum) AS line_total_sum,
        min(line_total_min) AS line_total_min, max(line_total_max) AS line_total_max
    FROM sales_by_product_day AS product
    JOIN sales_orders_by_day_since($1::date) AS orders ON orders.day = product.order_date
    WHERE product.order_date >= coalesce($1, '-infinity')
    GROUP BY orders.day
"
    };
}
pub(super) use by_day;

/// Writes the differences between a table and `$made`, its rows from day $1 with all
/// columns in order; `$key` compares the keys of two rows, `stored` and `made`.
macro_rules! differences {
    ($table:literal, $key:literal, $made:expr) => {
        concat!(
            "
WITH made AS MATERIALIZED (",
            $made,
            "), removed AS (
    DELETE FROM ",
            $table,
            " AS stored
    WHERE order_date >= coalesce($1::date, '-infinity')
      AND NOT EXISTS (SELECT FROM made WHERE ",
            $key,
            ")
    RETURNING 1
), updated AS (
    UPDATE ",
            $table,
            " AS stored
    SET line_count = made.line_count, order_count = made.order_count,
        order_total = made.order_total,
        order_quantity_sum = made.order_quantity_sum,
        order_quantity_min = made.order_quantity_min,
        order_quantity_max = made.order_quantity_max,
        unit_price_sum = made.unit_price_sum, unit_price_min = made.unit_price_min,
        unit_price_max = made.unit_price_max, line_total_sum = made.line_total_sum,
        line_total_min = made.line_total_min, line_total_max = made.line_total_max
    FROM made WHERE ",
            $key,
            " AND ROW(made.*) IS DISTINCT FROM ROW(stored.*)
    RETURNING 1
), added AS (
    INSERT INTO ",
            $table,
            " SELECT * FROM made
    WHERE NOT EXISTS (SELECT FROM ",
            $table,
            " AS stored WHERE ",
            $key,
            ")
    RETURNING 1
)
SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM updated)
    + (SELECT count(*) FROM added)"
        )
    };
}

pub(super) use differences;

const BY_PRODUCT: &str = differences!(
    "sales_by_product_day",
    "(made.order_date, made.product_id) = (stored.order_date, stored.product_id)",
    "SELECT * FROM sales_by_product_day_since($1::date)"
);

const BY_DAY: &str = differences!("sales_by_day", "made.order_date = stored.order_date", by_day!());
