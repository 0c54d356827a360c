//! The integration tests: one binary, one module a concern.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips; clippy.toml exempts only the \
              test functions themselves"
)]

mod graphiql;
