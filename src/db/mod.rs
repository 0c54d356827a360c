//! Postgres: the pool, the schema's version, the meaning of errors, binary COPY.

pub mod copy;
pub mod pool;
pub mod schema;
pub mod sqlstate;
