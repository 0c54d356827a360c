//! The table `territory` (Sales.SalesTerritory).

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
CREATE TABLE territory (
    territory_id            integer PRIMARY KEY,
    name                    varchar(50) NOT NULL,
    country_region_code     varchar(3) NOT NULL,
    territory_group         varchar(50) NOT NULL,
    sales_ytd               numeric(19, 4) NOT NULL CHECK (sales_ytd >= 0),
    sales_last_year         numeric(19, 4) NOT NULL CHECK (sales_last_year >= 0),
    cost_ytd                numeric(19, 4) NOT NULL CHECK (cost_ytd >= 0),
    cost_last_year          numeric(19, 4) NOT NULL CHECK (cost_last_year >= 0),
    rowguid                 uuid NOT NULL,
    modified_date           timestamp NOT NULL,
    source_file_id          integer NOT NULL,
    source_line             bigint NOT NULL,
    loaded_at               timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE territory IS 'Sales territories (Sales.SalesTerritory).';
COMMENT ON COLUMN territory.territory_id IS 'Key of the source system.';
COMMENT ON COLUMN territory.name IS 'Name.';
COMMENT ON COLUMN territory.country_region_code IS 'ISO code of the country or region.';
COMMENT ON COLUMN territory.territory_group IS 'Part of the world. The source calls it Group, a reserved word in SQL.';
COMMENT ON COLUMN territory.sales_ytd IS 'Sales in the current year as the source keeps them, in USD.';
COMMENT ON COLUMN territory.sales_last_year IS 'Sales in the year before, in USD.';
COMMENT ON COLUMN territory.cost_ytd IS 'Costs in the current year, in USD.';
COMMENT ON COLUMN territory.cost_last_year IS 'Costs in the year before, in USD.';
COMMENT ON COLUMN territory.rowguid IS 'The source system''s own identifier of the row.';
COMMENT ON COLUMN territory.modified_date IS 'When the source system last changed the row; a row older than the stored one never replaces it.';
COMMENT ON COLUMN territory.source_file_id IS 'load_file.id of the file version the row came from.';
COMMENT ON COLUMN territory.source_line IS 'Line on which its record begins in that file; the header is line 1.';
COMMENT ON COLUMN territory.loaded_at IS 'When the row was last written here.';
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON territory
FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
";

const DOWN: &str = r"
DROP TABLE territory;
";
