//! What is exported, and how it is read.

use std::time::Duration;

use async_graphql::Variables;

/// What is exported.
#[derive(Debug, Clone, Default)]
pub struct ExportRequest {
    /// A document with one list.
    pub document: String,
    /// Its operation; `None` for the only one.
    pub operation: Option<String>,
    /// Values of its variables.
    pub variables: Variables,
    /// The columns of the file, in their order; `None` for all that the document selects.
    pub columns: Option<Vec<ExportColumn>>,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportColumn {
    /// Its name in the header.
    pub name: String,
    /// The response keys that lead to it from a row: `product.name`.
    pub path: String,
}

/// How an export is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenOptions {
    /// How long it may take until the last byte is taken; `None` for no limit.
    pub time_limit: Option<Duration>,
}
