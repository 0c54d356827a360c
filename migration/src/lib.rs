//! The schema of salesgraph: DDL only, each step up and down, in plain SQL.
//!
//! Every data table carries `source_file_id`, `source_line` and `loaded_at`: the
//! file version and the line a row came from. They are no foreign keys, because
//! a check per row would cost as much as the row itself; `load_file` refuses
//! deletes instead, so that the reference cannot dangle.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// A step up and a step down in plain SQL, under the name of its file.
macro_rules! migration {
    ($up:expr, $down:expr) => {
        use sea_orm_migration::prelude::*;

        /// See the module.
        #[derive(Debug, DeriveMigrationName)]
        pub(crate) struct Migration;

        #[async_trait::async_trait]
        impl MigrationTrait for Migration {
            async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                manager.get_connection().execute_unprepared($up).await.map(drop)
            }

            async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                manager.get_connection().execute_unprepared($down).await.map(drop)
            }
        }
    };
}

pub mod distribution;
mod m20261120_000001_load_ledger;
mod m20261120_000002_person;
mod m20261120_000003_product;
mod m20261120_000004_customer;
mod m20261120_000005_special_offer_product;
mod m20261120_000006_sales_order;
mod m20261120_000007_sales_order_line;
mod m20261121_000008_data_version;
mod m20261121_000009_read_indexes;
mod m20261121_000010_product_inventory;
mod m20261121_000011_territory;
mod m20261121_000012_store;
mod m20261121_000013_currency_rate;
mod m20261121_000015_load_step;
mod m20261121_000016_demand_forecast;
mod m20261121_000020_sales_rollup;
mod m20261128_000021_line_territory;
mod m20261128_000022_row_security;
mod m20261128_000030_api_key;
mod m20261128_000031_job;
mod m20261128_000032_mirror;
mod m20261128_000033_load_queue;
mod m20261128_000036_report;
mod m20261128_000037_saved_query;
mod m20261128_000038_watch_changes;
mod m20261128_000039_text_form;
mod m20261128_000040_load_mapping;
mod m20261128_000041_load_document_page;
mod m20261128_000043_rate_source;
mod m20261128_000044_source_failure;
mod m20261128_000046_conversion_rate;
mod m20261129_000047_load_raw;
mod m20261129_000050_lake_curated;
mod m20261129_000051_lake_answer;
mod m20261129_000052_lake_catalog;
mod m20261129_000054_job_trace;
mod m20261129_000055_table_version;
mod m20261130_000056_load_set_aside;
pub mod row_security;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_load_ledger::Migration),
            Box::new(m20261120_000002_person::Migration),
            Box::new(m20261120_000003_product::Migration),
            Box::new(m20261120_000004_customer::Migration),
            Box::new(m20261120_000005_special_offer_product::Migration),
            Box::new(m20261120_000006_sales_order::Migration),
            Box::new(m20261120_000007_sales_order_line::Migration),
            Box::new(m20261121_000008_data_version::Migration),
            Box::new(m20261121_000009_read_indexes::Migration),
            Box::new(m20261121_000010_product_inventory::Migration),
            Box::new(m20261121_000011_territory::Migration),
            Box::new(m20261121_000012_store::Migration),
            Box::new(m20261121_000013_currency_rate::Migration),
            Box::new(m20261121_000015_load_step::Migration),
            Box::new(m20261121_000016_demand_forecast::Migration),
            Box::new(m20261121_000020_sales_rollup::Migration),
            Box::new(m20261128_000021_line_territory::Migration),
            Box::new(m20261128_000022_row_security::Migration),
            Box::new(m20261128_000030_api_key::Migration),
            Box::new(m20261128_000031_job::Migration),
            Box::new(m20261128_000032_mirror::Migration),
            Box::new(m20261128_000033_load_queue::Migration),
            Box::new(m20261128_000036_report::Migration),
            Box::new(m20261128_000037_saved_query::Migration),
            Box::new(m20261128_000038_watch_changes::Migration),
            Box::new(m20261128_000039_text_form::Migration),
            Box::new(m20261128_000040_load_mapping::Migration),
            Box::new(m20261128_000041_load_document_page::Migration),
            Box::new(m20261128_000043_rate_source::Migration),
            Box::new(m20261128_000044_source_failure::Migration),
            Box::new(m20261128_000046_conversion_rate::Migration),
            Box::new(m20261129_000047_load_raw::Migration),
            Box::new(m20261129_000050_lake_curated::Migration),
            Box::new(m20261129_000051_lake_answer::Migration),
            Box::new(m20261129_000052_lake_catalog::Migration),
            Box::new(m20261129_000054_job_trace::Migration),
            Box::new(m20261129_000055_table_version::Migration),
            Box::new(m20261130_000056_load_set_aside::Migration),
        ]
    }
}
