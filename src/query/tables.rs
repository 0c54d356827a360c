//! The tables that are read, with their keys.

use super::column::{Column, Kind, Table};

const BUSINESS_ENTITY_ID: Column = Column::new("business_entity_id", Kind::Int);
const PRODUCT_ID: Column = Column::new("product_id", Kind::Int);
const CURRENCY_RATE_ID: Column = Column::new("currency_rate_id", Kind::Int);
const CUSTOMER_ID: Column = Column::new("customer_id", Kind::Int);
const LOCATION_ID: Column = Column::new("location_id", Kind::Int);
const SPECIAL_OFFER_ID: Column = Column::new("special_offer_id", Kind::Int);
const SALES_ORDER_ID: Column = Column::new("sales_order_id", Kind::Int);
const SALES_ORDER_DETAIL_ID: Column = Column::new("sales_order_detail_id", Kind::Int);
const TERRITORY_ID: Column = Column::new("territory_id", Kind::Int);
const ID: Column = Column::new("id", Kind::Int);
const UUID: Column = Column::new("id", Kind::Uuid);
const RUN_ID: Column = Column::new("run_id", Kind::Uuid);
const FILE_ID: Column = Column::new("file_id", Kind::Int);
const LINE: Column = Column::new("line", Kind::Long);
const DATE: Column = Column::new("date", Kind::Date);

/// People.
pub static PERSON: Table = Table::new("person", &[BUSINESS_ENTITY_ID]);
/// Products.
pub static PRODUCT: Table = Table::new("product", &[PRODUCT_ID]);
/// Customers.
pub static CUSTOMER: Table = Table::new("customer", &[CUSTOMER_ID]);
/// Products of special offers.
pub static SPECIAL_OFFER_PRODUCT: Table =
    Table::new("special_offer_product", &[SPECIAL_OFFER_ID, PRODUCT_ID]);
/// Sales orders.
pub static SALES_ORDER: Table = Table::new("sales_order", &[SALES_ORDER_ID]);
/// Lines of sales orders.
pub static SALES_ORDER_LINE: Table =
    Table::new("sales_order_line", &[SALES_ORDER_ID, SALES_ORDER_DETAIL_ID]);
/// What lies where of products.
pub static PRODUCT_INVENTORY: Table = Table::new("product_inventory", &[PRODUCT_ID, LOCATION_ID]);
/// Sales territories.
pub static TERRITORY: Table = Table::new("territory", &[TERRITORY_ID]);
/// Stores.
pub static STORE: Table = Table::new("store", &[BUSINESS_ENTITY_ID]);
/// What currencies are worth.
pub static CURRENCY_RATE: Table = Table::new("currency_rate", &[CURRENCY_RATE_ID]);
/// Runs of the loader. Their ids sort by time.
pub static LOAD_RUN: Table = Table { newest_first: true, ..Table::new("load_run", &[UUID]) };
/// File versions.
pub static LOAD_FILE: Table = Table::new("load_file", &[ID]);
/// What a run did to a file.
pub static LOAD_RUN_FILE: Table = Table::new("load_run_file", &[RUN_ID, FILE_ID]);
/// What a run did after its files.
pub static LOAD_STEP: Table = Table::new("load_step", &[ID]);
/// Rejected rows.
pub static LOAD_REJECT: Table = Table::new("load_reject", &[FILE_ID, LINE]);
/// Parked rows.
pub static LOAD_PARKED: Table = Table::new("load_parked", &[FILE_ID, LINE]);

/// The forecast of each date and product.
pub static DEMAND_FORECAST: Table =
    Table { is_view: true, ..Table::new("demand_forecast", &[DATE, PRODUCT_ID]) };
