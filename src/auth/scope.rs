//! The scope of a caller.

/// The rows a caller may see. Every read takes it; only `query::visible` turns it into
/// SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All rows.
    All,
}
