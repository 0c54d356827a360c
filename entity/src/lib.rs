//! SeaORM entities, one file a table.

pub mod currency_rate;
pub mod customer;
pub mod demand_forecast_date;
pub mod demand_forecast_span;
pub mod demand_forecast_stock;
pub mod load_checkpoint;
pub mod load_file;
pub mod load_parked;
pub mod load_reject;
pub mod load_run;
pub mod load_run_file;
pub mod load_step;
pub mod person;
pub mod product;
pub mod product_inventory;
pub mod sales_by_day;
pub mod sales_by_product_day;
pub mod sales_order;
pub mod sales_order_line;
pub mod special_offer_product;
pub mod store;
pub mod territory;
