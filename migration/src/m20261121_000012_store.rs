//! The table `store` (Sales.Store).

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
COMMENT ON TABLE store IS 'Stores: customers, or whom customers buy for (Sales.Store).';
COMMENT ON COLUMN store.business_entity_id IS 'Key of the source system.';
COMMENT ON COLUMN store.name IS 'Name.';
COMMENT ON COLUMN store.sales_person_id IS 'The sales person in the source system; null when none is assigned.';
COMMENT ON COLUMN store.demographics IS 'Survey, XML as delivered.';
COMMENT ON COLUMN store.rowguid IS 'The source system''s own identifier of the row.';
COMMENT ON COLUMN store.modified_date IS 'When the source system last changed the row; a row older than the stored one never replaces it.';
COMMENT ON COLUMN store.source_file_id IS 'load_file.id of the file version the row came from.';
COMMENT ON COLUMN store.source_line IS 'Line on which its record begins in that file; the header is line 1.';
COMMENT ON COLUMN store.loaded_at IS 'When the row was last written here.';
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON store
FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
";

const DOWN: &str = r"
DROP TABLE store;
";
