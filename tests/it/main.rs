//! Tests against the real things: a Postgres, an S3 endpoint, the whole program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic; clippy exempts test functions but not their helpers"
)]

mod embedded_postgres;
mod embedded_s3;
