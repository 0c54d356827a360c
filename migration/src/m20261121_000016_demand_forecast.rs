//! The demand forecast: what is predicted of each product for each date.
//!
//! A prediction for a product and a weekday only changes with a day on which the
//! product sold on that weekday, so only these are kept: some 26,000 rows for the
//! dates of three years and 500 products. The view lays them out by date and puts
//! what is in stock beside them, as it is when it is asked.

use sea_orm_migration::prelude::*;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(drop)
    }
}

/// The latest prediction for each product and date is found by one probe of the
/// index; a join on dates between two others would read half of all there are.
const UP: &str = r"
CREATE TABLE demand_forecast_span (
    product_id          integer NOT NULL,
    weekday             smallint NOT NULL,
    first_date          date NOT NULL,
    sold_quantity       bigint NOT NULL,
    predicted_quantity  numeric(20, 1) NOT NULL,
    basis_days          smallint NOT NULL CHECK (basis_days BETWEEN 1 AND 4),
    PRIMARY KEY (product_id, weekday, first_date),
    CONSTRAINT demand_forecast_span_weekday CHECK (weekday = date_part('isodow', first_date))
);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON demand_forecast_span FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
COMMENT ON TABLE demand_forecast_span IS 'What is predicted of a product for dates of one weekday, from the week after a day on which it sold up to the next such day.';
COMMENT ON COLUMN demand_forecast_span.product_id IS 'The product.';
COMMENT ON COLUMN demand_forecast_span.weekday IS 'Weekday of the dates: 1 is Monday, 7 is Sunday.';
COMMENT ON COLUMN demand_forecast_span.first_date IS 'First date it is for; it is for all of this weekday up to the next first_date of the product and weekday.';
COMMENT ON COLUMN demand_forecast_span.sold_quantity IS 'What the product sold seven days before first_date, in pieces.';
COMMENT ON COLUMN demand_forecast_span.predicted_quantity IS 'Median of what the product sold on that day and the up to three latest before it of the same weekday on which it sold, in pieces.';
COMMENT ON COLUMN demand_forecast_span.basis_days IS 'How many days that is the median of.';

CREATE TABLE demand_forecast_date (
    date     date PRIMARY KEY,
    weekday  smallint NOT NULL,
    CONSTRAINT demand_forecast_date_weekday CHECK (weekday = date_part('isodow', date))
);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON demand_forecast_date FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
COMMENT ON TABLE demand_forecast_date IS 'The dates that are forecast: those after the first order date up to 28 days after the last.';
COMMENT ON COLUMN demand_forecast_date.date IS 'The date.';
COMMENT ON COLUMN demand_forecast_date.weekday IS 'Its weekday: 1 is Monday, 7 is Sunday.';

CREATE VIEW demand_forecast AS
SELECT day.date, product.product_id, span.predicted_quantity, span.basis_days,
    CASE WHEN EXISTS (SELECT FROM product_inventory) THEN
        coalesce(stock.quantity, 0)
    END AS available_quantity,
    CASE WHEN EXISTS (SELECT FROM product_inventory) THEN
        greatest(span.predicted_quantity - coalesce(stock.quantity, 0), 0)::numeric(20, 1)
    END AS shortfall
FROM demand_forecast_date AS day
CROSS JOIN product
LEFT JOIN (
    SELECT product_id, sum(quantity) AS quantity FROM product_inventory GROUP BY product_id
) AS stock ON stock.product_id = product.product_id
CROSS JOIN LATERAL (
    SELECT predicted_quantity, basis_days FROM demand_forecast_span AS latest
    WHERE latest.product_id = product.product_id AND latest.weekday = day.weekday
      AND latest.first_date <= day.date
    ORDER BY latest.first_date DESC LIMIT 1) AS span;
COMMENT ON VIEW demand_forecast IS 'The forecast of each date and product. A product that did not sell on the weekday before has none.';
COMMENT ON COLUMN demand_forecast.date IS 'The date.';
COMMENT ON COLUMN demand_forecast.product_id IS 'The product.';
COMMENT ON COLUMN demand_forecast.predicted_quantity IS 'Median of what the product sold on the up to four latest days of the same weekday before the date on which it sold, in pieces.';
COMMENT ON COLUMN demand_forecast.basis_days IS 'How many days that is the median of: 1 to 4.';
COMMENT ON COLUMN demand_forecast.available_quantity IS 'What the inventory holds of the product, over all locations, in pieces; null while no inventory is loaded.';
COMMENT ON COLUMN demand_forecast.shortfall IS 'By how much predicted_quantity is more than available_quantity, else 0; null when the latter is.';

INSERT INTO derivation_step VALUES ('demand_forecast');
INSERT INTO derivation_due (step) SELECT 'demand_forecast' WHERE EXISTS (SELECT FROM sales_order);
";

const DOWN: &str = r"
DELETE FROM derivation_due WHERE step = 'demand_forecast';
DELETE FROM derivation_step WHERE step = 'demand_forecast';
DROP VIEW demand_forecast;
DROP TABLE demand_forecast_date, demand_forecast_span;
";
