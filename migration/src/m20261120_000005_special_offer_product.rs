//! The table `special_offer_product` (Sales.SpecialOfferProduct).

migration!(UP, DOWN);

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
";

const DOWN: &str = r"
DROP TABLE special_offer_product;
";
