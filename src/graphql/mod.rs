//! The GraphQL schema and what executes documents. Types are data ([`model`]): a
//! document is compiled to a plan of statements once, each request gives its
//! arguments values, and the answer is written straight from the rows.

mod document;
mod engine;
mod execute;
mod inputs;
mod mutation;
mod plan;
mod query;
mod response;
mod schema;
mod subscription;
pub mod types;

pub use document::limits::Limits;
pub use engine::{Engine, Prepared};
pub use execute::command::{Command, Commands, Run};
pub use execute::subscription::Look;
pub use response::errors;
pub use response::{Answer, Cost};
pub use schema::{model, sdl};
