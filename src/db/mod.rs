//! Postgres: the pool, the meaning of its errors, its binary COPY format.

pub mod copy;
pub mod pool;
pub mod schema;
pub mod sqlstate;
