//! The integration tests, one binary.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do, and say what they skip"
)]

mod aggregate_groups;
mod aggregate_measures;
mod aggregate_owned;
mod aggregate_pages;
mod aggregate_real;
mod aggregate_refuse;
mod aggregate_rollup;
mod answers_cached;
mod answers_etag;
mod answers_fresh;
mod configuration;
mod connections;
mod cut_proxy;
mod data_version;
mod database;
mod demand_forecast;
mod demo;
mod embedded_postgres;
mod embedded_s3;
mod entities;
mod graphiql;
mod graphql_audits;
mod graphql_batch;
mod graphql_browsers;
mod graphql_clients;
mod graphql_cost;
mod graphql_documents;
mod graphql_door;
mod graphql_errors;
mod graphql_fields;
mod graphql_filter;
mod graphql_filter_relations;
mod graphql_http;
mod graphql_limits;
mod graphql_mutation;
mod graphql_mutation_tasks;
mod graphql_order;
mod graphql_read;
mod graphql_refuse;
mod graphql_schema;
mod graphql_select;
mod import_order;
mod load_bounds;
mod load_cli;
mod load_crash;
mod load_defects;
mod load_dialects;
mod load_lock;
mod load_orphans;
mod load_outage;
mod load_real;
mod load_steps;
mod load_steps_broken;
mod load_steps_writers;
mod load_versions;
mod optional_datasets;
mod paths;
mod query_conditions;
mod query_pages;
mod schema;
mod storage_contract;
mod storage_resume;
mod subscription_door;
mod subscription_load;
mod subscription_protocol;
mod support;
