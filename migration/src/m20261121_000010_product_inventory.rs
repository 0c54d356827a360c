//! The table `product_inventory` (Production.ProductInventory).

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
CREATE TABLE product_inventory (
    product_id              integer NOT NULL REFERENCES product (product_id),
    location_id             integer NOT NULL,
    shelf                   varchar(10) NOT NULL,
    bin                     smallint NOT NULL CHECK (bin BETWEEN 0 AND 100),
    quantity                smallint NOT NULL CHECK (quantity >= 0),
    rowguid                 uuid NOT NULL,
    modified_date           timestamp NOT NULL,
    source_file_id          integer NOT NULL,
    source_line             bigint NOT NULL,
    loaded_at               timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_id, location_id)
);
COMMENT ON TABLE product_inventory IS 'How many pieces of a product lie where (Production.ProductInventory).';
COMMENT ON COLUMN product_inventory.product_id IS 'The product.';
COMMENT ON COLUMN product_inventory.location_id IS 'The place in the source system.';
COMMENT ON COLUMN product_inventory.shelf IS 'Shelf of the place; N/A where it has none.';
COMMENT ON COLUMN product_inventory.bin IS 'Bin on the shelf, 0 to 100.';
COMMENT ON COLUMN product_inventory.quantity IS 'Quantity there, in pieces.';
COMMENT ON COLUMN product_inventory.rowguid IS 'The source system''s own identifier of the row.';
COMMENT ON COLUMN product_inventory.modified_date IS 'When the source system last changed the row; a row older than the stored one never replaces it.';
COMMENT ON COLUMN product_inventory.source_file_id IS 'load_file.id of the file version the row came from.';
COMMENT ON COLUMN product_inventory.source_line IS 'Line on which its record begins in that file; the header is line 1.';
COMMENT ON COLUMN product_inventory.loaded_at IS 'When the row was last written here.';
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON product_inventory
FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
";

const DOWN: &str = r"
DROP TABLE product_inventory;
";
