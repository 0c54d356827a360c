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
mod database;
mod embedded;
mod graphql;
mod http;
mod load;
mod query;
mod scope;
mod storage;
mod support;
