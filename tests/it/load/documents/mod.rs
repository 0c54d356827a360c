//! Orders as JSON documents.

mod large;
mod pages;
mod rejects;
mod same;
