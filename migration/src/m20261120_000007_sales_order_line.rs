//! The table `sales_order_line` (Sales.SalesOrderDetail).

migration!(UP, DOWN);

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
";

const DOWN: &str = r"
DROP TABLE sales_order_line;
";
