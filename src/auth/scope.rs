//! What a caller may see.

/// The rows a caller may see. Every read use-case takes it, and
/// `query::visible` is the one place that turns it into SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything.
    All,
}
