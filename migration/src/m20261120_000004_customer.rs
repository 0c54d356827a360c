//! The table `customer` (Sales.Customer).

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
CREATE TABLE customer (
    customer_id             integer PRIMARY KEY,
    person_id               integer REFERENCES person (business_entity_id),
    store_id                integer,
    territory_id            integer,
    account_number          varchar(10) NOT NULL,
    rowguid                 uuid NOT NULL,
    modified_date           timestamp NOT NULL,
    source_file_id          integer NOT NULL,
    source_line             bigint NOT NULL,
    loaded_at               timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT customer_is_person_or_store CHECK (person_id IS NOT NULL OR store_id IS NOT NULL)
);
CREATE INDEX customer_person_id ON customer (person_id, customer_id);
CREATE INDEX customer_store_id ON customer (store_id, customer_id);
CREATE INDEX customer_territory_id ON customer (territory_id, customer_id);
COMMENT ON TABLE customer IS 'Customers: a person, a store, or a person who buys for a store (Sales.Customer).';
COMMENT ON COLUMN customer.customer_id IS 'Key of the source system.';
COMMENT ON COLUMN customer.person_id IS 'The person; null for a store without a contact.';
COMMENT ON COLUMN customer.store_id IS 'The store; null for an individual.';
COMMENT ON COLUMN customer.territory_id IS 'Sales territory.';
COMMENT ON COLUMN customer.account_number IS 'Account number, AW and eight digits.';
COMMENT ON COLUMN customer.rowguid IS 'The source system''s own identifier of the row.';
COMMENT ON COLUMN customer.modified_date IS 'When the source system last changed the row; a row older than the stored one never replaces it.';
COMMENT ON COLUMN customer.source_file_id IS 'load_file.id of the file version the row came from.';
COMMENT ON COLUMN customer.source_line IS 'Line on which its record begins in that file; the header is line 1.';
COMMENT ON COLUMN customer.loaded_at IS 'When the row was last written here.';
";

const DOWN: &str = r"
DROP TABLE customer;
";
