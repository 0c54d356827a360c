//! The query language: the text of a document becomes its syntax tree, and that the tree
//! which the rest of the engine and async-graphql's introspection know.

pub(crate) mod ast;
mod lexer;
pub(crate) mod lower;
pub(crate) mod parser;
mod string;

pub(crate) use lexer::SyntaxError;
