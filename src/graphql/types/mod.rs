//! The entities of the schema, one file a type.

mod common;
mod converted_amount;
mod currency_rate;
mod customer;
mod demand_forecast;
mod job;
mod lake_table;
mod load_file;
mod load_finding;
mod load_parked;
mod load_reject;
mod load_run;
mod load_run_file;
mod load_step;
mod person;
mod product;
mod product_inventory;
mod report;
mod sales_group;
mod sales_measures;
mod sales_order;
mod sales_order_document;
mod sales_order_line;
mod saved_query;
mod source_failure;
mod special_offer_product;
mod store;
mod territory;

pub(crate) use converted_amount::CONVERTED_AMOUNT;
pub(crate) use currency_rate::CURRENCY_RATE;
pub(crate) use customer::CUSTOMER;
pub(crate) use demand_forecast::DEMAND_FORECAST;
pub(crate) use job::JOB;
pub(crate) use lake_table::{LAKE_SNAPSHOT, LAKE_TABLE};
pub(crate) use load_file::LOAD_FILE;
pub(crate) use load_finding::LOAD_FINDING;
pub(crate) use load_parked::LOAD_PARKED;
pub(crate) use load_reject::LOAD_REJECT;
pub(crate) use load_run::LOAD_RUN;
pub(crate) use load_run_file::LOAD_RUN_FILE;
pub(crate) use load_step::LOAD_STEP;
pub(crate) use person::PERSON;
pub(crate) use product::PRODUCT;
pub(crate) use product_inventory::PRODUCT_INVENTORY;
pub(crate) use report::REPORT;
pub(crate) use sales_group::SALES_GROUP;
pub(crate) use sales_measures::{MEASURES, SALES_MEASURES};
pub(crate) use sales_order::SALES_ORDER;
pub(crate) use sales_order_document::DOCUMENT;
pub(crate) use sales_order_line::SALES_ORDER_LINE;
pub(crate) use saved_query::SAVED_QUERY;
pub(crate) use source_failure::SOURCE_FAILURE;
pub(crate) use special_offer_product::SPECIAL_OFFER_PRODUCT;
pub(crate) use store::STORE;
pub(crate) use territory::TERRITORY;

use std::sync::LazyLock;

use crate::graphql::schema::model::{Type, TypeRef};

static TYPES: &[TypeRef] = &[
    &PERSON, &PRODUCT, &CUSTOMER, &SPECIAL_OFFER_PRODUCT, &SALES_ORDER, &SALES_ORDER_LINE,
    &PRODUCT_INVENTORY, &TERRITORY, &STORE, &CURRENCY_RATE, &LOAD_RUN, &LOAD_FILE, &LOAD_RUN_FILE,
    &LOAD_STEP, &LOAD_REJECT, &LOAD_PARKED, &LOAD_FINDING, &JOB, &DEMAND_FORECAST, &REPORT,
    &SAVED_QUERY, &SOURCE_FAILURE, &LAKE_TABLE, &LAKE_SNAPSHOT,
];

/// Every type over a table: what `node` can return.
pub static ALL: LazyLock<Vec<&'static Type>> =
    LazyLock::new(|| TYPES.iter().map(|ty| &***ty).collect());

/// Whether a fragment on `condition` applies to an object of type `name`.
pub(super) fn is_a(name: &str, condition: &str) -> bool {
    let is_of_all = matches!(condition, "Node" | "_Entity");
    name == condition || is_of_all && ALL.iter().any(|entity| entity.shape.name == name)
}
