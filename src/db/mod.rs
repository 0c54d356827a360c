//! Postgres: pool, schema version, data version, SQLSTATE to error, binary COPY.

pub mod api_keys;
pub mod connections;
pub mod copy;
pub mod data_version;
pub mod pool;
pub mod row_security;
pub mod schema;
pub mod sqlstate;
