//! The table `product` (Production.Product).

migration!(UP, DOWN);

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
";

const DOWN: &str = r"
DROP TABLE product;
";
