//! The HTTP side: what is served beside and around the GraphQL schema.

pub mod pages;
