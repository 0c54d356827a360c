//! Sales by product and day, and by day, which the aggregates of the API are read
//! from where they can be. Days before the first one that may have changed stay as
//! they are.

use super::Derivation;

/// See the module.
pub(super) static SALES_ROLLUP: Derivation = Derivation {
    step: "sales_rollup",
    statements: &[OUTDATED_BY_PRODUCT, BY_PRODUCT, OUTDATED_BY_DAY, BY_DAY],
};

const OUTDATED_BY_PRODUCT: &str = "
WITH removed AS (
    DELETE FROM sales_by_product_day WHERE order_date >= coalesce($1::date, '-infinity')
    RETURNING 1
) SELECT count(*) FROM removed";

const BY_PRODUCT: &str = "
WITH added AS (
    INSERT INTO sales_by_product_day SELECT * FROM sales_by_product_day_since($1::date)
    RETURNING 1
) SELECT count(*) FROM added";

const OUTDATED_BY_DAY: &str = "
WITH removed AS (
    DELETE FROM sales_by_day WHERE order_date >= coalesce($1::date, '-infinity') RETURNING 1
) SELECT count(*) FROM removed";

/// The lines come from the table that was just made; only the orders are counted anew.
const BY_DAY: &str = "
WITH added AS (
    INSERT INTO sales_by_day
    SELECT day, sum(line_count), min(orders.order_count), min(orders.order_total),
        sum(order_quantity_sum), min(order_quantity_min), max(order_quantity_max),
        sum(unit_price_sum), min(unit_price_min), max(unit_price_max),
        sum(line_total_sum), min(line_total_min), max(line_total_max)
    FROM sales_by_product_day AS product
    JOIN sales_orders_by_day_since($1::date) AS orders ON orders.day = product.order_date
    GROUP BY day
    RETURNING 1
) SELECT count(*) FROM added";
