//! The demand forecast of a product: the median quantity of its latest four or fewer
//! selling days on the same weekday, and its inventory.

use super::derivation::Derivation;

pub(super) static DEMAND_FORECAST: Derivation = Derivation {
    step: "demand_forecast",
    tables: &["demand_forecast_span", "demand_forecast_date", "demand_forecast_stock"],
    of_sales: &[SPANS, DATES],
    of_others: &[STOCK],
};

/// Each selling day of a product predicts the later dates of its weekday, up to the next
/// such day: from that day and the three before it, which are in the stored spans if they
/// are unchanged. The last unchanged span ends where the changed days begin.
///
/// What was sold is read from the sales by product and day, which have just been brought up to
/// date; what has changed again since then is made from the lines, as their view does, which can
/// only be read whole.
///
/// Stored spans that end before the changed days are not read at all: the index of the weekday
/// and the end finds the others, as each weekday is named.
///
/// The median of three or four values is the mean of what remains without the smallest
/// and the greatest; of one or two, their mean. One decimal holds a half exactly.
const SPANS: &str = "
WITH current AS (
    SELECT product_id, order_date AS day, order_quantity_sum AS quantity
    FROM sales_by_product_day
    WHERE order_date >= coalesce($1::date, '-infinity')
      AND order_date < (SELECT since FROM sales_rollup_due)
    UNION ALL
    SELECT product_id, order_date, order_quantity_sum
    FROM sales_rollup_due AS due
    CROSS JOIN LATERAL sales_by_product_day_since(greatest(due.since, $1)) AS made
    WHERE due.since < 'infinity'
), changed AS (
    SELECT product_id, day, quantity, date_part('isodow', day)::smallint AS weekday FROM current
), earlier AS (
    SELECT product_id, weekday, span.first_date - 7 AS day, span.sold_quantity AS quantity
    FROM (SELECT DISTINCT product_id, weekday FROM changed) AS changed
    CROSS JOIN LATERAL (
        SELECT first_date, sold_quantity FROM demand_forecast_span AS span
        WHERE span.product_id = changed.product_id AND span.weekday = changed.weekday
          AND span.first_date < $1 + 7
        ORDER BY first_date DESC LIMIT 3) AS span
), latest AS (
    SELECT product_id, weekday, day, quantity, lead(day) OVER every AS next_day,
        count(*) OVER latest AS days,
        sum(quantity) OVER latest AS total, min(quantity) OVER latest AS least,
        max(quantity) OVER latest AS greatest
    FROM (SELECT product_id, weekday, day, quantity FROM changed
          UNION ALL SELECT product_id, weekday, day, quantity FROM earlier) AS of
    WINDOW every AS (PARTITION BY product_id, weekday ORDER BY day),
        latest AS (every ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)
), made AS MATERIALIZED (
    SELECT product_id, weekday, day + 7 AS first_date, next_day + 7 AS next_date,
        quantity AS sold_quantity,
        (CASE days WHEN 1 THEN total WHEN 2 THEN total * 0.5 WHEN 3 THEN total - least - greatest
         ELSE (total - least - greatest) * 0.5 END)::numeric(20, 1) AS predicted_quantity,
        days::smallint AS basis_days
    FROM latest WHERE day >= coalesce($1, '-infinity')
), stored AS MATERIALIZED (
    SELECT * FROM demand_forecast_span
    WHERE weekday = ANY ('{1, 2, 3, 4, 5, 6, 7}')
        AND coalesce(next_date, 'infinity') >= coalesce($1 + 7, '-infinity')
), removed AS (
    DELETE FROM demand_forecast_span AS span USING stored
    WHERE (span.product_id, span.weekday, span.first_date)
            = (stored.product_id, stored.weekday, stored.first_date)
        AND stored.first_date >= coalesce($1 + 7, '-infinity')
        AND NOT EXISTS (SELECT FROM made
            WHERE (made.product_id, made.weekday, made.first_date)
                = (stored.product_id, stored.weekday, stored.first_date))
    RETURNING 1
), updated AS (
    UPDATE demand_forecast_span AS span
    SET next_date = made.next_date, sold_quantity = made.sold_quantity,
        predicted_quantity = made.predicted_quantity, basis_days = made.basis_days
    FROM made JOIN stored USING (product_id, weekday, first_date)
    WHERE (span.product_id, span.weekday, span.first_date)
            = (made.product_id, made.weekday, made.first_date)
        AND (made.next_date, made.sold_quantity, made.predicted_quantity, made.basis_days)
            IS DISTINCT FROM (stored.next_date, stored.sold_quantity, stored.predicted_quantity,
                stored.basis_days)
    RETURNING 1
), ended AS (
    UPDATE demand_forecast_span AS span SET next_date = next.first_date
    FROM stored LEFT JOIN (
        SELECT product_id, weekday, min(first_date) AS first_date FROM made
        GROUP BY product_id, weekday) AS next USING (product_id, weekday)
    WHERE (span.product_id, span.weekday, span.first_date)
            = (stored.product_id, stored.weekday, stored.first_date)
        AND stored.first_date < $1 + 7
        AND next.first_date IS DISTINCT FROM stored.next_date
    RETURNING 1
), added AS (
    INSERT INTO demand_forecast_span (product_id, weekday, first_date, next_date, sold_quantity,
        predicted_quantity, basis_days)
    SELECT product_id, weekday, first_date, next_date, sold_quantity, predicted_quantity,
        basis_days
    FROM made
    WHERE NOT EXISTS (SELECT FROM stored
          WHERE (made.product_id, made.weekday, made.first_date)
              = (stored.product_id, stored.weekday, stored.first_date))
    RETURNING 1
)
SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM updated)
    + (SELECT count(*) FROM ended) + (SELECT count(*) FROM added)";

/// The dates after each order date up to the next, and 28 days after the last. A gap is
/// filled for ten years at most: a single wrong date would create millions of rows.
const DATES: &str = "
WITH earlier AS (
    SELECT max(order_date)::date AS day FROM sales_order WHERE order_date < $1::date
), ordered AS (
    SELECT DISTINCT order_date::date AS day FROM sales_order
    WHERE order_date >= coalesce($1, '-infinity')
    UNION SELECT day FROM earlier WHERE day IS NOT NULL
), gaps AS (
    SELECT day, lead(day) OVER (ORDER BY day) AS next FROM ordered
), wanted AS MATERIALIZED (
    SELECT day + after AS date FROM gaps,
        generate_series(1, CASE WHEN next IS NULL THEN 28 ELSE least(next - day, 3660) END) AS after
), removed AS (
    DELETE FROM demand_forecast_date AS stored
    WHERE date > coalesce((SELECT day FROM earlier), '-infinity')
      AND NOT EXISTS (SELECT FROM wanted WHERE wanted.date = stored.date)
    RETURNING 1
), added AS (
    INSERT INTO demand_forecast_date
    SELECT date, date_part('isodow', date) FROM wanted
    WHERE NOT EXISTS (SELECT FROM demand_forecast_date AS known WHERE known.date = wanted.date)
    RETURNING 1
)
SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM added)";

/// The quantity of each product in the inventory.
const STOCK: &str = "
WITH made AS MATERIALIZED (
    SELECT product_id, sum(quantity) AS available_quantity FROM product_inventory
    GROUP BY product_id
), removed AS (
    DELETE FROM demand_forecast_stock AS stored
    WHERE NOT EXISTS (SELECT FROM made WHERE made.product_id = stored.product_id)
    RETURNING 1
), updated AS (
    UPDATE demand_forecast_stock AS stored SET available_quantity = made.available_quantity
    FROM made
    WHERE made.product_id = stored.product_id
        AND made.available_quantity <> stored.available_quantity
    RETURNING 1
), added AS (
    INSERT INTO demand_forecast_stock (product_id, available_quantity)
    SELECT product_id, available_quantity FROM made
    WHERE NOT EXISTS (SELECT FROM demand_forecast_stock AS known
          WHERE known.product_id = made.product_id)
    RETURNING 1
)
SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM updated)
    + (SELECT count(*) FROM added)";
