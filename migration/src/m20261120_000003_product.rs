//! The table `product` (Production.Product).

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
CREATE TABLE product (
    product_id               integer PRIMARY KEY,
    name                     varchar(50) NOT NULL,
    product_number           varchar(25) NOT NULL,
    make_flag                boolean NOT NULL,
    finished_goods_flag      boolean NOT NULL,
    color                    varchar(15),
    safety_stock_level       smallint NOT NULL CHECK (safety_stock_level > 0),
    reorder_point            smallint NOT NULL CHECK (reorder_point > 0),
    standard_cost            numeric(19, 4) NOT NULL CHECK (standard_cost >= 0),
    list_price               numeric(19, 4) NOT NULL CHECK (list_price >= 0),
    size                     varchar(5),
    size_unit_measure_code   varchar(3),
    weight_unit_measure_code varchar(3),
    weight                   numeric(8, 2) CHECK (weight > 0),
    days_to_manufacture      integer NOT NULL CHECK (days_to_manufacture >= 0),
    product_line             varchar(2) CHECK (product_line IN ('R', 'M', 'T', 'S')),
    class                    varchar(2) CHECK (class IN ('H', 'M', 'L')),
    style                    varchar(2) CHECK (style IN ('W', 'M', 'U')),
    product_subcategory_id   integer,
    product_model_id         integer,
    sell_start_date          timestamp NOT NULL,
    sell_end_date            timestamp,
    discontinued_date        timestamp,
    rowguid                  uuid NOT NULL,
    modified_date            timestamp NOT NULL,
    source_file_id          integer NOT NULL,
    source_line             bigint NOT NULL,
    loaded_at               timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT product_sell_end_date CHECK (sell_end_date >= sell_start_date)
);
CREATE INDEX product_name ON product (name, product_id);
CREATE INDEX product_days_to_manufacture ON product (days_to_manufacture, product_id);
COMMENT ON TABLE product IS 'Products sold or used to make them (Production.Product).';
COMMENT ON COLUMN product.product_id IS 'Key of the source system.';
COMMENT ON COLUMN product.name IS 'Name.';
COMMENT ON COLUMN product.product_number IS 'Number by which people order it.';
COMMENT ON COLUMN product.make_flag IS 'True: made in house; false: bought.';
COMMENT ON COLUMN product.finished_goods_flag IS 'True: may be sold; false: a part.';
COMMENT ON COLUMN product.color IS 'Colour.';
COMMENT ON COLUMN product.safety_stock_level IS 'Least quantity to hold, in pieces.';
COMMENT ON COLUMN product.reorder_point IS 'Quantity at which more is ordered, in pieces.';
COMMENT ON COLUMN product.standard_cost IS 'Standard cost, in the source''s currency (USD).';
COMMENT ON COLUMN product.list_price IS 'List price, in the source''s currency (USD).';
COMMENT ON COLUMN product.size IS 'Size: a letter or a number in size_unit_measure_code.';
COMMENT ON COLUMN product.size_unit_measure_code IS 'Unit of size, for instance CM.';
COMMENT ON COLUMN product.weight_unit_measure_code IS 'Unit of weight: LB or G.';
COMMENT ON COLUMN product.weight IS 'Weight in weight_unit_measure_code.';
COMMENT ON COLUMN product.days_to_manufacture IS 'Days it takes to make.';
COMMENT ON COLUMN product.product_line IS 'R road, M mountain, T touring, S standard.';
COMMENT ON COLUMN product.class IS 'H high, M medium, L low.';
COMMENT ON COLUMN product.style IS 'W women''s, M men''s, U universal.';
COMMENT ON COLUMN product.product_subcategory_id IS 'Subcategory in the source system.';
COMMENT ON COLUMN product.product_model_id IS 'Model in the source system.';
COMMENT ON COLUMN product.sell_start_date IS 'First day it may be sold.';
COMMENT ON COLUMN product.sell_end_date IS 'Last day it may be sold; null while it is on sale.';
COMMENT ON COLUMN product.discontinued_date IS 'When it was discontinued.';
COMMENT ON COLUMN product.rowguid IS 'The source system''s own identifier of the row.';
COMMENT ON COLUMN product.modified_date IS 'When the source system last changed the row; a row older than the stored one never replaces it.';
COMMENT ON COLUMN product.source_file_id IS 'load_file.id of the file version the row came from.';
COMMENT ON COLUMN product.source_line IS 'Line on which its record begins in that file; the header is line 1.';
COMMENT ON COLUMN product.loaded_at IS 'When the row was last written here.';
";

const DOWN: &str = r"
DROP TABLE product;
";
