//! What each table is, one file a table: columns, types, keys, references, codes, and
//! the one wording of each. `{column}` in a wording stands for that column, which the
//! API spells `camelCase` and Postgres `snake_case`.

#![expect(
    missing_docs,
    reason = "the comment of a table and of its columns is their documentation"
)]

#[macro_use]
mod codes;

pub mod currency_rate;
pub mod customer;
pub mod demand_forecast;
pub mod demand_forecast_date;
pub mod demand_forecast_span;
pub mod demand_forecast_stock;
pub mod job;
pub mod lake_snapshot;
pub mod lake_table;
pub mod load_checkpoint;
pub mod load_file;
pub mod load_finding;
pub mod load_parked;
pub mod load_reject;
pub mod load_run;
pub mod load_run_file;
pub mod load_step;
pub mod person;
pub mod product;
pub mod product_inventory;
pub mod report;
pub mod report_request;
pub mod sales_by_day;
pub mod sales_by_product_day;
pub mod sales_order;
pub mod sales_order_line;
pub mod saved_query;
pub mod saved_query_deletion;
pub mod source_failure;
pub mod special_offer_product;
pub mod store;
pub mod territory;

pub use codes::{CodeValue, Codes};
use sea_orm::EntityTrait;

/// Something that goes through all tables.
pub trait Visitor {
    /// Visits a table, with the enumerations of its columns of codes and its columns of
    /// personal data.
    fn table<E: EntityTrait>(
        &mut self,
        codes: &'static [(E::Column, &'static Codes)],
        personal: &'static [E::Column],
    );

    /// Visits a view.
    fn view<E: EntityTrait>(&mut self);
}

/// Goes through all tables and views: the one list of them.
pub fn for_each(visitor: &mut impl Visitor) {
    visitor.table::<person::Entity>(person::CODES, person::PERSONAL);
    visitor.table::<product::Entity>(product::CODES, &[]);
    visitor.table::<customer::Entity>(&[], &[]);
    visitor.table::<special_offer_product::Entity>(&[], &[]);
    visitor.table::<sales_order::Entity>(sales_order::CODES, &[]);
    visitor.table::<sales_order_line::Entity>(&[], &[]);
    visitor.table::<product_inventory::Entity>(&[], &[]);
    visitor.table::<territory::Entity>(&[], &[]);
    visitor.table::<store::Entity>(&[], &[]);
    visitor.table::<currency_rate::Entity>(currency_rate::CODES, &[]);
    visitor.table::<sales_by_day::Entity>(&[], &[]);
    visitor.table::<sales_by_product_day::Entity>(&[], &[]);
    visitor.table::<demand_forecast_span::Entity>(&[], &[]);
    visitor.table::<demand_forecast_date::Entity>(&[], &[]);
    visitor.table::<demand_forecast_stock::Entity>(&[], &[]);
    visitor.view::<demand_forecast::Entity>();
    visitor.table::<load_run::Entity>(load_run::CODES, &[]);
    visitor.table::<load_file::Entity>(load_file::CODES, &[]);
    visitor.table::<load_run_file::Entity>(&[], &[]);
    visitor.table::<load_step::Entity>(&[], &[]);
    visitor.table::<load_checkpoint::Entity>(&[], &[]);
    visitor.table::<load_reject::Entity>(&[], load_reject::PERSONAL);
    visitor.table::<load_parked::Entity>(&[], load_parked::PERSONAL);
    visitor.table::<report::Entity>(report::CODES, &[]);
    visitor.table::<report_request::Entity>(&[], &[]);
    visitor.table::<source_failure::Entity>(&[], &[]);
    visitor.table::<lake_table::Entity>(&[], &[]);
    visitor.table::<lake_snapshot::Entity>(&[], &[]);
    visitor.table::<load_finding::Entity>(&[], load_finding::PERSONAL);
    visitor.table::<saved_query::Entity>(&[], &[]);
    visitor.table::<saved_query_deletion::Entity>(&[], &[]);
    visitor.table::<job::Entity>(job::CODES, &[]);
}
