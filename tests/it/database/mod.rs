//! The pool, its connections and the data version.

mod connections;
mod data_version;
mod distribution;
mod pool;
mod row_security;
mod scoped_connections;
mod table_version;
