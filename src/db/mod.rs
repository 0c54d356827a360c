//! Postgres: the pool and the meaning of its errors.

pub mod pool;
pub mod sqlstate;
