//! The table `sales_order_line` (Sales.SalesOrderDetail).

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
CREATE TABLE sales_order_line (
    sales_order_id          integer NOT NULL REFERENCES sales_order (sales_order_id),
    sales_order_detail_id   integer NOT NULL,
    carrier_tracking_number varchar(25),
    order_quantity          smallint NOT NULL CHECK (order_quantity > 0),
    product_id              integer NOT NULL,
    special_offer_id        integer NOT NULL,
    unit_price              numeric(19, 4) NOT NULL CHECK (unit_price >= 0),
    unit_price_discount     numeric(19, 4) NOT NULL CHECK (unit_price_discount BETWEEN 0 AND 1),
    line_total              numeric(19, 6) NOT NULL,
    rowguid                 uuid NOT NULL,
    modified_date           timestamp NOT NULL,
    source_file_id          integer NOT NULL,
    source_line             bigint NOT NULL,
    loaded_at               timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sales_order_id, sales_order_detail_id),
    CONSTRAINT sales_order_line_special_offer_product FOREIGN KEY (special_offer_id, product_id)
        REFERENCES special_offer_product (special_offer_id, product_id),
    CONSTRAINT sales_order_line_line_total CHECK
        (line_total = round(unit_price * (1 - unit_price_discount) * order_quantity, 6))
);
CREATE INDEX sales_order_line_product_id ON sales_order_line (product_id, sales_order_id, sales_order_detail_id);
COMMENT ON TABLE sales_order_line IS 'Lines of sales orders (Sales.SalesOrderDetail).';
COMMENT ON COLUMN sales_order_line.sales_order_id IS 'The order.';
COMMENT ON COLUMN sales_order_line.sales_order_detail_id IS 'Number of the line in the source system.';
COMMENT ON COLUMN sales_order_line.carrier_tracking_number IS 'The carrier''s number for the shipment.';
COMMENT ON COLUMN sales_order_line.order_quantity IS 'Quantity ordered, in pieces.';
COMMENT ON COLUMN sales_order_line.product_id IS 'The product.';
COMMENT ON COLUMN sales_order_line.special_offer_id IS 'The special offer it was sold under; 1 is no discount.';
COMMENT ON COLUMN sales_order_line.unit_price IS 'Price of one piece before discount, in USD.';
COMMENT ON COLUMN sales_order_line.unit_price_discount IS 'Discount as a fraction of the price, 0 to 1.';
COMMENT ON COLUMN sales_order_line.line_total IS 'unit_price * (1 - unit_price_discount) * order_quantity, in USD.';
COMMENT ON COLUMN sales_order_line.rowguid IS 'The source system''s own identifier of the row.';
COMMENT ON COLUMN sales_order_line.modified_date IS 'When the source system last changed the row; a row older than the stored one never replaces it.';
COMMENT ON COLUMN sales_order_line.source_file_id IS 'load_file.id of the file version the row came from.';
COMMENT ON COLUMN sales_order_line.source_line IS 'Line on which its record begins in that file; the header is line 1.';
COMMENT ON COLUMN sales_order_line.loaded_at IS 'When the row was last written here.';
";

const DOWN: &str = r"
DROP TABLE sales_order_line;
";
