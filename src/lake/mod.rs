//! The lake: what is kept on S3 beside Postgres, for history and for scans by other engines.

pub mod curated;
mod iceberg;
