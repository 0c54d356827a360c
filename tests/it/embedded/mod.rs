//! The embedded servers.

mod postgres;
mod s3;
