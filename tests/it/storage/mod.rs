//! S3 and local folders.

pub(crate) mod contract;
mod resume;
