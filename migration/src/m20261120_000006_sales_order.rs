//! The table `sales_order` (Sales.SalesOrderHeader).

migration!(UP, DOWN);

const UP: &str = r"
CREATE TABLE sales_order (
    sales_order_id            integer PRIMARY KEY,
    revision_number           smallint NOT NULL CHECK (revision_number >= 0),
    order_date                timestamp NOT NULL,
    due_date                  timestamp NOT NULL,
    ship_date                 timestamp,
    status                    smallint NOT NULL CHECK (status BETWEEN 1 AND 6),
    online_order_flag         boolean NOT NULL,
    sales_order_number        varchar(25) NOT NULL,
    purchase_order_number     varchar(25),
    account_number            varchar(15),
    customer_id               integer NOT NULL REFERENCES customer (customer_id),
    sales_person_id           integer,
    territory_id              integer,
    bill_to_address_id        integer NOT NULL,
    ship_to_address_id        integer NOT NULL,
    ship_method_id            integer NOT NULL,
    credit_card_id            integer,
    credit_card_approval_code varchar(15),
    currency_rate_id          integer,
    sub_total                 numeric(19, 4) NOT NULL CHECK (sub_total >= 0),
    tax_amt                   numeric(19, 4) NOT NULL CHECK (tax_amt >= 0),
    freight                   numeric(19, 4) NOT NULL CHECK (freight >= 0),
    total_due                 numeric(19, 4) NOT NULL,
    comment                   varchar(128),
    rowguid                   uuid NOT NULL,
    modified_date             timestamp NOT NULL,
    source_file_id          integer NOT NULL,
    source_line             bigint NOT NULL,
    loaded_at               timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sales_order_due_date CHECK (due_date >= order_date),
    CONSTRAINT sales_order_ship_date CHECK (ship_date >= order_date),
    CONSTRAINT sales_order_total_due CHECK (total_due = sub_total + tax_amt + freight)
);
CREATE INDEX sales_order_customer_id ON sales_order (customer_id, sales_order_id);
CREATE INDEX sales_order_order_date ON sales_order (order_date, sales_order_id);
CREATE INDEX sales_order_territory_id ON sales_order (territory_id, sales_order_id);
";

const DOWN: &str = r"
DROP TABLE sales_order;
";
