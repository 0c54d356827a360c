//! The real Postgres and the real S3 endpoint that a machine with nothing
//! configured gets: started by the program, kept in its state folder, stopped
//! with it.

pub mod postgres;
pub mod s3;
