//! The GraphQL schema and its engine. Types are data ([`model`]): a document is compiled
//! to a plan of statements once, each request binds values to its arguments, and the
//! response is written straight from the rows.

mod document;
mod engine;
mod execute;
mod export;
mod guide;
mod hooks;
mod inputs;
mod language;
mod mutation;
mod plan;
mod query;
mod reports;
mod response;
mod saved_query;
mod schema;
mod subscription;
pub mod types;
mod validate;

pub use crate::config::DocumentLimits as Limits;
pub use document::names::operation_names;
pub use engine::{Engine, Prepared};
pub use execute::command::{Command, Commands, Run};
pub use execute::subscription::Snapshot;
pub use export::{Export, ExportColumn, ExportRequest, OpenOptions};
pub use guide::{EnumValue, Found, Guide, Part};
pub use hooks::Hooks;
pub use response::errors;
pub use response::{Answer, Cost};
pub use saved_query::{RESERVED, SavedQuery};
pub use schema::{model, sdl, subgraph_sdl};
