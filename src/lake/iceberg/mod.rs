//! Apache Iceberg, format version 2: the metadata of tables, manifests and lists of them, as
//! the specification has them.

pub(super) mod bound;
pub(super) mod change;
pub(super) mod column;
pub(super) mod manifest;
pub(super) mod manifest_list;
pub(super) mod metadata;
mod partition;
pub(super) mod schema;
mod values;
