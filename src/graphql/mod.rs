//! The GraphQL schema and what executes documents. Types are data ([`model`]): a
//! document is compiled to a plan of statements once, each request gives its
//! arguments values, and the answer is written straight from the rows.

mod answer;
mod arguments;
mod bind;
mod bubble;
mod collect;
mod compile;
mod cost;
mod document;
mod documents;
mod engine;
pub mod errors;
mod execute;
mod id;
mod inputs;
mod json;
mod limits;
mod live;
mod measure;
pub mod model;
mod nesting;
mod only;
mod plan;
mod query;
mod register;
mod scalars;
mod schema;
pub mod types;
mod variables;
mod write;

pub use answer::{Answer, Cost};
pub use engine::{Engine, Prepared};
pub use limits::Limits;
pub use live::Look;
pub use schema::sdl;
