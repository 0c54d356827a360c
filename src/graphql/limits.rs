//! How large a document may be.

use async_graphql::{ServerError, ValidationResult};

use super::errors::set_code;

/// Limits of a document.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Deepest nesting of fields. GraphiQL's introspection needs 15.
    pub depth: usize,
    /// Most fields, counted as they are written, with fragments spread.
    pub fields: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 20, fields: 1_000 }
    }
}

impl Limits {
    pub(super) fn check(self, document: &ValidationResult) -> Result<(), Vec<ServerError>> {
        let (code, message) = if document.depth > self.depth {
            let asked = document.depth;
            ("QUERY_TOO_DEEP", format!("the document is {asked} deep; the limit is {}", self.depth))
        } else if document.complexity > self.fields {
            let asked = document.complexity;
            (
                "QUERY_TOO_COMPLEX",
                format!("the document has {asked} fields; the limit is {}", self.fields),
            )
        } else {
            return Ok(());
        };
        let mut error = ServerError::new(message, None);
        set_code(&mut error, code);
        Err(vec![error])
    }
}
