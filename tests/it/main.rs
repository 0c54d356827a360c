//! Tests against the real things: a Postgres, an S3 endpoint, the whole program.

mod embedded_s3;
