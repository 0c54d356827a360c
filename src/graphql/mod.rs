//! The GraphQL schema. Types over tables are data ([`model`]); a document is
//! planned, then carried out level by level.

mod collect;
mod connection;
mod document;
pub mod errors;
mod execute;
mod failure;
mod id;
mod limits;
mod measure;
pub mod model;
mod nesting;
mod output;
mod plan;
mod planner;
pub mod query;
mod register;
mod scalars;
pub mod types;
mod variables;

use async_graphql::{EmptyMutation, EmptySubscription, SDLExportOptions, SchemaBuilder};

pub use document::Prepared;
pub use limits::Limits;

use crate::query::Reader;

/// The schema, ready to execute. Each request brings its
/// [`Scope`](crate::auth::Scope) as data.
pub type Schema = async_graphql::Schema<query::Query, EmptyMutation, EmptySubscription>;

/// The schema over a database.
#[must_use]
pub fn schema(reader: Reader, limits: Limits) -> Schema {
    builder().extension(errors::Gate).data(limits).data(reader).finish()
}

/// The schema in GraphQL's own language, sorted.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .prefer_single_line_descriptions()
        .use_space_ident();
    let mut text = builder().finish().sdl_with_options(options).trim().to_owned();
    text.push('\n');
    text
}

fn builder() -> SchemaBuilder<query::Query, EmptyMutation, EmptySubscription> {
    Schema::build(query::Query::default(), EmptyMutation, EmptySubscription)
}
