//! How large a document may be.

use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::ServerError;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::errors::set_code;
use super::measure::Size;
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
    /// Most selections of an operation, with fragments spread.
    pub fields: usize,
    /// Most values of an answer, a longer text counting as several. It bounds the
    /// memory a request can take: a short document can ask for the same rows over
    /// and over.
    pub values: u64,
}

/// A document may hold several operations; together they may be so many times
/// as large as one.
const OPERATIONS: usize = 10;

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 20, fields: 1_000, values: 1_000_000 }
    }
}

impl Limits {
    pub(super) fn check(self, size: Size) -> std::result::Result<(), ServerError> {
        let total = self.fields.saturating_mul(OPERATIONS);
        let (code, message) = if size.depth > self.depth {
            let Size { depth, .. } = size;
            (TOO_DEEP, format!("the document is {depth} deep; the limit is {}", self.depth))
        } else if size.largest > self.fields {
            let most = self.fields;
            (TOO_COMPLEX, format!("an operation selects more than {most} fields, the limit"))
        } else if size.total > total {
            (TOO_COMPLEX, format!("the document selects more than {total} fields, the limit"))
        } else {
            return Ok(());
        };
        let mut error = ServerError::new(message, None);
        set_code(&mut error, code);
        Err(error)
    }
}

/// Statements of one request that run at the same time, so that it does not take
/// every connection there is.
const AT_ONCE: usize = 3;

/// What one request may still take.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    made: AtomicU64,
    turns: Semaphore,
}

/// The cause of an error about too large an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer is too large")]
pub(super) struct TooComplex;

impl Budget {
    pub(super) const fn new(limit: u64) -> Self {
        Self { limit, made: AtomicU64::new(0), turns: Semaphore::const_new(AT_ONCE) }
    }

    /// Makes so many more values.
    ///
    /// # Errors
    /// When these are more than may be.
    pub(super) fn take(&self, values: u64) -> Result<()> {
        let before = self.made.fetch_add(values.min(self.limit + 1), Ordering::Relaxed);
        if before.saturating_add(values) <= self.limit { Ok(()) } else { Err(self.exceeded()) }
    }

    /// How many values may still be made.
    pub(super) fn left(&self) -> u64 {
        self.limit.saturating_sub(self.made.load(Ordering::Relaxed))
    }

    pub(super) fn exceeded(&self) -> Error {
        let message =
            format!("the answer has more than {} values: ask for smaller pages", self.limit);
        Error::new(Code::BadUserInput, message).with_source(TooComplex)
    }

    /// Waits until the request may run one more statement.
    pub(super) async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        self.turns
            .acquire()
            .await
            .map_err(|error| Error::internal("the request has ended").with_source(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_for_all_fields_of_a_request() {
        let budget = Budget::new(100);
        assert!(budget.take(60).is_ok());
        assert_eq!(budget.left(), 40);
        assert!(budget.take(40).is_ok());
        assert!(budget.take(1).unwrap_err().message().contains("100"));
        assert!(budget.take(u64::MAX).is_err());
        assert!(budget.take(u64::MAX).is_err());
        assert_eq!(budget.left(), 0);
    }
}
