//! The GraphQL schema and its engine. Types are data ([`model`]): a document is compiled
//! to a plan of statements once, each request binds values to its arguments, and the
//! response is written straight from the rows.

mod document;
mod engine;
mod execute;
mod hooks;
mod inputs;
mod mutation;
mod plan;
mod query;
mod response;
mod schema;
mod subscription;
pub mod types;

pub use crate::config::DocumentLimits as Limits;
pub use engine::{Engine, Prepared};
pub use execute::command::{Command, Commands, Run};
pub use execute::subscription::Snapshot;
pub use hooks::Hooks;
pub use response::errors;
pub use response::{Answer, Cost};
pub use schema::{model, sdl};
