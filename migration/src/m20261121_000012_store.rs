//! The table `store` (Sales.Store).

migration!(UP, DOWN);

const UP: &str = r"
CREATE TABLE store (
    business_entity_id      integer PRIMARY KEY,
    name                    varchar(50) NOT NULL,
    sales_person_id         integer,
    demographics            text,
    rowguid                 uuid NOT NULL,
    modified_date           timestamp NOT NULL,
    source_file_id          integer NOT NULL,
    source_line             bigint NOT NULL,
    loaded_at               timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON store
FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
";

const DOWN: &str = r"
DROP TABLE store;
";
