//! A Postgres and an S3 endpoint for a machine with nothing configured: started
//! and stopped with the program, with their data in its state folder.

pub mod postgres;
pub mod private;
pub mod rates;
pub mod s3;
