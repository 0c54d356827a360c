//! The table `currency_rate` (Sales.CurrencyRate), and the way from a rate to its orders.

migration!(UP, DOWN);

const UP: &str = r"
CREATE TABLE currency_rate (
    currency_rate_id        integer PRIMARY KEY,
    currency_rate_date      timestamp NOT NULL,
    from_currency_code      varchar(3) NOT NULL,
    to_currency_code        varchar(3) NOT NULL,
    average_rate            numeric(19, 4) NOT NULL CHECK (average_rate > 0),
    end_of_day_rate         numeric(19, 4) NOT NULL CHECK (end_of_day_rate > 0),
    modified_date           timestamp NOT NULL,
    source_file_id          integer NOT NULL,
    source_line             bigint NOT NULL,
    loaded_at               timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON currency_rate
FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
CREATE INDEX sales_order_currency_rate_id ON sales_order (currency_rate_id, sales_order_id)
WHERE currency_rate_id IS NOT NULL;
";

const DOWN: &str = r"
DROP INDEX sales_order_currency_rate_id;
DROP TABLE currency_rate;
";
