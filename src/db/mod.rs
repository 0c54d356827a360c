//! What is Postgres' own: the binary COPY format.

pub mod copy;
