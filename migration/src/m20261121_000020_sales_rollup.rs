//! Sales by product and day, and by day: what many lines come to, kept ready.
//!
//! A load run's last stage brings the tables up to date. Until then, and whenever
//! somebody else has changed sales, the views make the days that may have changed
//! from the rows themselves: what they show is always what the rows show.

migration!(
    &[
        DUE.to_owned(),
        rollup("sales_by_product_day", "product_id, ", "product_id integer NOT NULL,"),
        rollup("sales_by_day", "", ""),
        INDEX.to_owned(),
        FUNCTIONS.to_owned(),
        view("sales_by_product_day", ", product_id"),
        view("sales_by_day", ""),
        NOTE.to_owned(),
    ]
    .concat(),
    DOWN
);

const DUE: &str = "
CREATE VIEW sales_rollup_due AS
SELECT CASE WHEN count(*) = 0 THEN 'infinity'::date WHEN bool_or(since IS NULL)
    THEN '-infinity'::date ELSE min(since) END AS since
FROM derivation_due WHERE step = 'sales_rollup';
COMMENT ON VIEW sales_rollup_due IS 'One row: the first day that is not to be read from the tables but made from the rows; infinity when there is none.';
";

/// A table and the view that shows what is right at the moment; `key` is what it is by
/// beside the day.
fn rollup(name: &str, key: &str, columns: &str) -> String {
    format!(
        "CREATE TABLE {name} (
    {columns}
    order_date          date NOT NULL,
    line_count          bigint NOT NULL CHECK (line_count > 0),
    order_count         bigint NOT NULL CHECK (order_count BETWEEN 1 AND line_count),
    order_total         numeric NOT NULL,
    order_quantity_sum  bigint NOT NULL,
    order_quantity_min  smallint NOT NULL,
    order_quantity_max  smallint NOT NULL,
    unit_price_sum      numeric NOT NULL,
    unit_price_min      numeric NOT NULL,
    unit_price_max      numeric NOT NULL,
    line_total_sum      numeric NOT NULL,
    line_total_min      numeric NOT NULL,
    line_total_max      numeric NOT NULL,
    PRIMARY KEY ({key}order_date)
);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {name}
    FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
"
    )
}

/// For the days that are due.
const INDEX: &str = "
CREATE INDEX sales_by_product_day_order_date ON sales_by_product_day (order_date);
";

/// Where nothing is due the function is not called at all.
fn view(name: &str, key: &str) -> String {
    let columns = "line_count, order_count, order_total, order_quantity_sum, order_quantity_min, \
                   order_quantity_max, unit_price_sum, unit_price_min, unit_price_max, \
                   line_total_sum, line_total_min, line_total_max";
    format!(
        "CREATE VIEW current_{name} AS
SELECT order_date::timestamp AS order_date{key}, {columns}
FROM {name} WHERE order_date < (SELECT since FROM sales_rollup_due)
UNION ALL
SELECT made.order_date::timestamp{key}, {columns}
FROM sales_rollup_due AS due CROSS JOIN LATERAL {name}_since(due.since) AS made
WHERE due.since < 'infinity';
COMMENT ON VIEW current_{name} IS 'What the lines of each day come to at the moment.';
"
    )
}

/// An order counts once for each of its products, with the first line of it, and once
/// for its day.
const FUNCTIONS: &str = "
CREATE FUNCTION sales_by_product_day_since(first_day date) RETURNS SETOF sales_by_product_day
LANGUAGE sql STABLE AS $function$
    SELECT product_id, day, count(*), count(*) FILTER (WHERE nth = 1),
        sum(total_due) FILTER (WHERE nth = 1),
        sum(order_quantity), min(order_quantity), max(order_quantity),
        sum(unit_price), min(unit_price), max(unit_price),
        sum(line_total), min(line_total), max(line_total)
    FROM (SELECT line.product_id, line.order_quantity, line.unit_price, line.line_total,
            ordered.order_date::date AS day, ordered.total_due,
            row_number() OVER (PARTITION BY line.sales_order_id, line.product_id) AS nth
          FROM sales_order AS ordered JOIN sales_order_line AS line USING (sales_order_id)
          WHERE ordered.order_date >= coalesce(first_day, '-infinity')) AS sold
    GROUP BY product_id, day
$function$;
COMMENT ON FUNCTION sales_by_product_day_since IS 'The rows of sales_by_product_day from a day on, made from the lines; all for null.';

CREATE FUNCTION sales_orders_by_day_since(first_day date)
RETURNS TABLE (day date, order_count bigint, order_total numeric)
LANGUAGE sql STABLE AS $function$
    SELECT order_date::date, count(*), sum(total_due) FROM sales_order AS ordered
    WHERE order_date >= coalesce(first_day, '-infinity')
        AND EXISTS (SELECT FROM sales_order_line AS line
                    WHERE line.sales_order_id = ordered.sales_order_id)
    GROUP BY order_date::date
$function$;
COMMENT ON FUNCTION sales_orders_by_day_since IS 'The orders of each day from a day on that have lines; all for null.';

CREATE FUNCTION sales_by_day_since(first_day date) RETURNS SETOF sales_by_day
LANGUAGE sql STABLE AS $function$
    SELECT orders.day, sum(line_count)::bigint, min(orders.order_count), min(orders.order_total),
        sum(order_quantity_sum)::bigint, min(order_quantity_min), max(order_quantity_max),
        sum(unit_price_sum), min(unit_price_min), max(unit_price_max),
        sum(line_total_sum), min(line_total_min), max(line_total_max)
    FROM sales_by_product_day_since(first_day) AS product
    JOIN sales_orders_by_day_since(first_day) AS orders ON orders.day = product.order_date
    GROUP BY orders.day
$function$;
COMMENT ON FUNCTION sales_by_day_since IS 'The rows of sales_by_day from a day on, made from the lines; all for null.';
";

/// Whoever changes sales meanwhile waits, and then notes it for this step as well.
const NOTE: &str = "
LOCK TABLE sales_order, sales_order_line IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO derivation_step VALUES ('sales_rollup');
INSERT INTO derivation_due (step) SELECT 'sales_rollup' WHERE EXISTS (SELECT FROM sales_order);
";

const DOWN: &str = "
DELETE FROM derivation_due WHERE step = 'sales_rollup';
DELETE FROM derivation_step WHERE step = 'sales_rollup';
DROP VIEW current_sales_by_day, current_sales_by_product_day;
DROP FUNCTION sales_by_day_since, sales_orders_by_day_since, sales_by_product_day_since;
DROP TABLE sales_by_day, sales_by_product_day;
DROP VIEW sales_rollup_due;
";
