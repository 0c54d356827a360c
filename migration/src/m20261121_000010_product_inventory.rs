//! The table `product_inventory` (Production.ProductInventory).

migration!(UP, DOWN);

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
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON product_inventory
FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
";

const DOWN: &str = r"
DROP TABLE product_inventory;
";
