//! What the sources, the schemas and the documentation promise each other.

mod catalog;
mod configuration;
mod documented;
mod file_circles;
mod import_order;
mod schema;
mod sources;
