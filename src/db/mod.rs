//! Postgres: pool, layout, replicas, schema version, data version, SQLSTATE to error, binary COPY,
//! texts as they are stored.

pub mod api_keys;
mod connection;
pub mod connections;
pub mod copy;
pub(crate) mod copy_in;
pub mod copy_out;
pub mod data_version;
pub mod layout;
pub mod numeric;
pub mod pool;
pub mod readable;
pub mod replicas;
pub mod row_security;
pub mod schema;
mod sessions;
pub mod set_aside;
pub mod snapshot;
pub mod sqlstate;
pub mod statement_span;
pub mod text;
pub mod usage;
pub mod watch;
