//! The two forms of the schema.

/// What the schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// That of an API by itself.
    Api,
    /// That of a subgraph of a federation, too.
    Subgraph,
}
