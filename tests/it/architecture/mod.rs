//! What the sources, the schemas and the documentation promise each other.

mod configuration;
mod entities;
mod import_order;
mod paths;
mod schema;
