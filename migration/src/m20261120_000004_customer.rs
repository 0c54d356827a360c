//! The table `customer` (Sales.Customer).

migration!(UP, DOWN);

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
";

const DOWN: &str = r"
DROP TABLE customer;
";
