//! The integration tests, one binary.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do, and say what they skip"
)]

mod aggregate;
mod architecture;
mod auth;
mod cli;
mod cluster;
mod database;
mod embedded;
mod export;
mod graphql;
mod http;
mod job;
mod lake;
mod lambda;
mod load;
mod mcp;
mod packaging;
mod query;
mod rates;
mod reports;
mod scope;
mod storage;
mod support;
mod telemetry;
