//! The integration tests, one binary.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod configuration;
mod cut_proxy;
mod embedded_postgres;
mod embedded_s3;
mod graphiql;
mod import_order;
mod load_real;
mod paths;
mod storage_contract;
mod storage_resume;
mod support;
