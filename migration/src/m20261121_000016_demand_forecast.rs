//! The demand forecast: what is predicted of each product for each date.
//!
//! A prediction for a product and a weekday only changes with a day on which the
//! product sold on that weekday, so only these are kept: some 26,000 rows for the
//! dates of three years and 500 products. The view puts what was in stock beside them
//! and lays them out by date. What is short is so in the whole of a span, and is
//! picked before there are dates.

migration!(&[LOCK, UP, VIEW, NOTES].concat(), DOWN);

/// A load under way that began before there was this step has no note for it: what it
/// changes has to be there before it is asked whether there is anything to do.
const LOCK: &str = "
LOCK TABLE sales_order, sales_order_line, product_inventory IN SHARE ROW EXCLUSIVE MODE;
";

/// The spans of a date are found by a scan of an index that tells their weekday and
/// both ends; from a span to its dates leads the index of these.
const UP: &str = r"
CREATE TABLE demand_forecast_span (
    product_id          integer NOT NULL,
    weekday             smallint NOT NULL,
    first_date          date NOT NULL,
    next_date           date CHECK (next_date > first_date),
    sold_quantity       bigint NOT NULL,
    predicted_quantity  numeric(20, 1) NOT NULL,
    basis_days          smallint NOT NULL CHECK (basis_days BETWEEN 1 AND 4),
    PRIMARY KEY (product_id, weekday, first_date),
    CONSTRAINT demand_forecast_span_weekday CHECK (weekday = date_part('isodow', first_date))
);
CREATE INDEX demand_forecast_span_dates
    ON demand_forecast_span (weekday, coalesce(next_date, 'infinity'::date), first_date);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON demand_forecast_span FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();

CREATE TABLE demand_forecast_date (
    date     date PRIMARY KEY,
    weekday  smallint NOT NULL,
    CONSTRAINT demand_forecast_date_weekday CHECK (weekday = date_part('isodow', date))
);
CREATE INDEX demand_forecast_date_weekday ON demand_forecast_date (weekday, date);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON demand_forecast_date FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();

CREATE TABLE demand_forecast_stock (
    product_id          integer PRIMARY KEY,
    available_quantity  bigint NOT NULL CHECK (available_quantity >= 0)
);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON demand_forecast_stock FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
";

const VIEW: &str = r"
CREATE VIEW demand_forecast AS
SELECT day.date, span.product_id, span.predicted_quantity, span.basis_days,
    CASE WHEN EXISTS (SELECT FROM demand_forecast_stock) THEN
        coalesce(stock.available_quantity, 0)
    END AS available_quantity,
    CASE WHEN EXISTS (SELECT FROM demand_forecast_stock) THEN
        greatest(span.predicted_quantity - coalesce(stock.available_quantity, 0), 0)::numeric(20, 1)
    END AS shortfall
FROM demand_forecast_span AS span
JOIN demand_forecast_date AS day ON day.weekday = span.weekday
    AND day.date >= span.first_date AND day.date < coalesce(span.next_date, 'infinity'::date)
LEFT JOIN demand_forecast_stock AS stock ON stock.product_id = span.product_id;
";

/// A change of the inventory makes no sales be taken in anew, and nothing of other
/// steps.
const NOTES: &str = r"
DO $create$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION demand_forecast_note() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            IF TG_OP <> 'TRUNCATE' THEN
                IF NOT EXISTS (SELECT FROM changed) THEN
                    RETURN NULL;
                END IF;
            END IF;
            INSERT INTO derivation_due VALUES ('demand_forecast', 'infinity');
            RETURN NULL;
        END $body$
    $function$, current_schema());
END $create$;
CREATE TRIGGER demand_forecast_note_insert AFTER INSERT ON product_inventory
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION demand_forecast_note();
CREATE TRIGGER demand_forecast_note_update AFTER UPDATE ON product_inventory
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION demand_forecast_note();
CREATE TRIGGER demand_forecast_note_delete AFTER DELETE ON product_inventory
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION demand_forecast_note();
CREATE TRIGGER demand_forecast_note_truncate AFTER TRUNCATE ON product_inventory
    FOR EACH STATEMENT EXECUTE FUNCTION demand_forecast_note();

INSERT INTO derivation_step VALUES ('demand_forecast');
INSERT INTO derivation_due (step) SELECT 'demand_forecast'
WHERE EXISTS (SELECT FROM sales_order) OR EXISTS (SELECT FROM product_inventory);
";

const DOWN: &str = r"
DELETE FROM derivation_due WHERE step = 'demand_forecast';
DELETE FROM derivation_step WHERE step = 'demand_forecast';
DROP VIEW demand_forecast;
DROP TABLE demand_forecast_date, demand_forecast_span, demand_forecast_stock;
DROP FUNCTION demand_forecast_note() CASCADE;
";
