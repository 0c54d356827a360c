//! The table `special_offer_product` (Sales.SpecialOfferProduct).

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
CREATE TABLE special_offer_product (
    special_offer_id        integer NOT NULL,
    product_id              integer NOT NULL REFERENCES product (product_id),
    rowguid                 uuid NOT NULL,
    modified_date           timestamp NOT NULL,
    source_file_id          integer NOT NULL,
    source_line             bigint NOT NULL,
    loaded_at               timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (special_offer_id, product_id)
);
CREATE INDEX special_offer_product_product_id ON special_offer_product (product_id, special_offer_id);
COMMENT ON TABLE special_offer_product IS 'Which products a special offer holds for; offer 1 is no discount (Sales.SpecialOfferProduct).';
COMMENT ON COLUMN special_offer_product.special_offer_id IS 'The special offer in the source system.';
COMMENT ON COLUMN special_offer_product.product_id IS 'The product.';
COMMENT ON COLUMN special_offer_product.rowguid IS 'The source system''s own identifier of the row.';
COMMENT ON COLUMN special_offer_product.modified_date IS 'When the source system last changed the row; a row older than the stored one never replaces it.';
COMMENT ON COLUMN special_offer_product.source_file_id IS 'load_file.id of the file version the row came from.';
COMMENT ON COLUMN special_offer_product.source_line IS 'Line on which its record begins in that file; the header is line 1.';
COMMENT ON COLUMN special_offer_product.loaded_at IS 'When the row was last written here.';
";

const DOWN: &str = r"
DROP TABLE special_offer_product;
";
