//! The integration tests: one binary, each test on a database of its own.

mod database;
mod entities;
mod graphql_http;
mod graphql_read;
mod graphql_schema;
mod support;
