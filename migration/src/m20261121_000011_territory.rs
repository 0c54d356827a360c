//! The table `territory` (Sales.SalesTerritory).

migration!(UP, DOWN);

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
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON territory
FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
";

const DOWN: &str = r"
DROP TABLE territory;
";
