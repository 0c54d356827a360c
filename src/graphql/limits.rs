//! How large a document may be.

use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::{ServerError, ValidationResult};

use super::errors::set_code;
use crate::error::{Code, Error, Result};

/// The document is nested too deeply.
pub(super) const TOO_DEEP: &str = "QUERY_TOO_DEEP";
/// The document asks for too much.
pub(super) const TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";

/// Limits of a document.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Deepest nesting of fields. GraphiQL's introspection needs 15.
    pub depth: usize,
    /// Most fields, counted as they are written, with fragments spread.
    pub fields: usize,
    /// Most objects of an answer. It bounds the memory a request can take: a short
    /// document can ask for the same rows over and over.
    pub objects: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 20, fields: 1_000, objects: 500_000 }
    }
}

impl Limits {
    pub(super) fn check(
        self,
        document: &ValidationResult,
    ) -> std::result::Result<(), Vec<ServerError>> {
        let (code, message) = if document.depth > self.depth {
            let asked = document.depth;
            (TOO_DEEP, format!("the document is {asked} deep; the limit is {}", self.depth))
        } else if document.complexity > self.fields {
            let asked = document.complexity;
            (TOO_COMPLEX, format!("the document has {asked} fields; the limit is {}", self.fields))
        } else {
            return Ok(());
        };
        let mut error = ServerError::new(message, None);
        set_code(&mut error, code);
        Err(vec![error])
    }
}

/// The objects one request may still make.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    made: AtomicU64,
}

/// The cause of an error about too large an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer is too large")]
pub(super) struct TooComplex;

impl Budget {
    pub(super) const fn new(limit: u64) -> Self {
        Self { limit, made: AtomicU64::new(0) }
    }

    /// Makes so many more objects.
    ///
    /// # Errors
    /// When these are more than may be.
    pub(super) fn take(&self, objects: u64) -> Result<()> {
        let before = self.made.fetch_add(objects.min(self.limit + 1), Ordering::Relaxed);
        if before.saturating_add(objects) <= self.limit {
            return Ok(());
        }
        let message =
            format!("the answer has more than {} objects: ask for smaller pages", self.limit);
        Err(Error::new(Code::BadUserInput, message).with_source(TooComplex))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_for_all_fields_of_a_request() {
        let budget = Budget::new(100);
        assert!(budget.take(60).is_ok());
        assert!(budget.take(40).is_ok());
        assert!(budget.take(1).unwrap_err().message().contains("100"));
        assert!(budget.take(u64::MAX).is_err());
        assert!(budget.take(u64::MAX).is_err());
    }
}
