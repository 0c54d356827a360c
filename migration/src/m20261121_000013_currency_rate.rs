//! The table `currency_rate` (Sales.CurrencyRate), and the way from a rate to its orders.

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
COMMENT ON TABLE currency_rate IS 'What currencies are worth, day by day (Sales.CurrencyRate).';
COMMENT ON COLUMN currency_rate.currency_rate_id IS 'Key of the source system.';
COMMENT ON COLUMN currency_rate.currency_rate_date IS 'The day the rate is of.';
COMMENT ON COLUMN currency_rate.from_currency_code IS 'ISO code of the currency that is exchanged.';
COMMENT ON COLUMN currency_rate.to_currency_code IS 'ISO code of the currency that is got.';
COMMENT ON COLUMN currency_rate.average_rate IS 'What one unit was worth on average over the day.';
COMMENT ON COLUMN currency_rate.end_of_day_rate IS 'What one unit was worth at the end of the day.';
COMMENT ON COLUMN currency_rate.modified_date IS 'When the source system last changed the row; a row older than the stored one never replaces it.';
COMMENT ON COLUMN currency_rate.source_file_id IS 'load_file.id of the file version the row came from.';
COMMENT ON COLUMN currency_rate.source_line IS 'Line on which its record begins in that file; the header is line 1.';
COMMENT ON COLUMN currency_rate.loaded_at IS 'When the row was last written here.';
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON currency_rate
FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
CREATE INDEX sales_order_currency_rate_id ON sales_order (currency_rate_id, sales_order_id)
WHERE currency_rate_id IS NOT NULL;
";

const DOWN: &str = r"
DROP INDEX sales_order_currency_rate_id;
DROP TABLE currency_rate;
";
