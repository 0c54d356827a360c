//! salesgraph: from sales CSVs on S3 to a GraphQL API.
//!
//! A loader fills a normalised Postgres schema from CSV files; a GraphQL layer
//! serves it. The modules import one way only:
//! `config, error, catalog (entity) <- db, storage, dataset <- auth, columnar, lake <- load, query, rates, report <- job <- graphql <- http <- cli`.

pub mod audit;
pub mod auth;
pub mod catalog;
pub mod cli;
pub mod columnar;
pub mod config;
pub mod dataset;
pub mod db;
#[cfg(feature = "demo")]
pub mod embedded;
pub mod error;
pub mod graphql;
pub mod http;
mod https;
pub mod job;
pub mod lake;
pub mod load;
pub mod query;
pub mod rates;
pub mod report;
#[cfg(feature = "demo")]
pub mod sample;
pub mod storage;
pub mod telemetry;
