//! The integration tests: one binary, each test on a database of its own.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly, as tests may"
)]

mod database;
mod entities;
mod graphql_http;
mod graphql_read;
mod graphql_schema;
mod support;
