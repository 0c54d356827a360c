//! Postgres: the pool, the schema's version, the data's version, the meaning of
//! errors, binary COPY.

pub mod connections;
pub mod copy;
mod data_listener;
pub mod data_version;
pub mod pool;
pub mod schema;
pub mod sqlstate;
