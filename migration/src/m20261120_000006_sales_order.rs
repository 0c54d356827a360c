//! The table `sales_order` (Sales.SalesOrderHeader).

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
COMMENT ON TABLE sales_order IS 'Sales orders (Sales.SalesOrderHeader).';
COMMENT ON COLUMN sales_order.sales_order_id IS 'Key of the source system.';
COMMENT ON COLUMN sales_order.revision_number IS 'How often the order was revised.';
COMMENT ON COLUMN sales_order.order_date IS 'When it was ordered.';
COMMENT ON COLUMN sales_order.due_date IS 'When it is due at the customer.';
COMMENT ON COLUMN sales_order.ship_date IS 'When it was shipped; null before.';
COMMENT ON COLUMN sales_order.status IS '1 in process, 2 approved, 3 backordered, 4 rejected, 5 shipped, 6 cancelled.';
COMMENT ON COLUMN sales_order.online_order_flag IS 'True: ordered online by the customer; false: entered by a sales person.';
COMMENT ON COLUMN sales_order.sales_order_number IS 'Number of the order as people read it.';
COMMENT ON COLUMN sales_order.purchase_order_number IS 'The customer''s own number for it.';
COMMENT ON COLUMN sales_order.account_number IS 'The customer''s financial account.';
COMMENT ON COLUMN sales_order.customer_id IS 'The customer.';
COMMENT ON COLUMN sales_order.sales_person_id IS 'The sales person; null for online orders.';
COMMENT ON COLUMN sales_order.territory_id IS 'Sales territory.';
COMMENT ON COLUMN sales_order.bill_to_address_id IS 'Address of the bill in the source system.';
COMMENT ON COLUMN sales_order.ship_to_address_id IS 'Address of the shipment in the source system.';
COMMENT ON COLUMN sales_order.ship_method_id IS 'Way of shipping in the source system.';
COMMENT ON COLUMN sales_order.credit_card_id IS 'Credit card in the source system.';
COMMENT ON COLUMN sales_order.credit_card_approval_code IS 'Approval code of the card''s issuer.';
COMMENT ON COLUMN sales_order.currency_rate_id IS 'Exchange rate in the source system; null for USD.';
COMMENT ON COLUMN sales_order.sub_total IS 'Sum of the lines, in USD.';
COMMENT ON COLUMN sales_order.tax_amt IS 'Tax, in USD.';
COMMENT ON COLUMN sales_order.freight IS 'Shipping cost, in USD.';
COMMENT ON COLUMN sales_order.total_due IS 'sub_total + tax_amt + freight, in USD.';
COMMENT ON COLUMN sales_order.comment IS 'Comment of the sales person.';
COMMENT ON COLUMN sales_order.rowguid IS 'The source system''s own identifier of the row.';
COMMENT ON COLUMN sales_order.modified_date IS 'When the source system last changed the row; a row older than the stored one never replaces it.';
COMMENT ON COLUMN sales_order.source_file_id IS 'load_file.id of the file version the row came from.';
COMMENT ON COLUMN sales_order.source_line IS 'Line on which its record begins in that file; the header is line 1.';
COMMENT ON COLUMN sales_order.loaded_at IS 'When the row was last written here.';
";

const DOWN: &str = r"
DROP TABLE sales_order;
";
