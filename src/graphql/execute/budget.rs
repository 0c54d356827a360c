//! The budget of a request: values of its response, and statements at a time.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{Code, Error, Result};
use crate::graphql::response::errors::TooComplex;

/// Most statements of a request at a time, so that it does not take all connections.
const STATEMENTS: usize = 3;

/// The budget of a request.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    used: AtomicU64,
    statements: Semaphore,
}

impl Budget {
    pub(crate) const fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0), statements: Semaphore::const_new(STATEMENTS) }
    }

    /// Uses so many values.
    ///
    /// # Errors
    /// When they exceed the limit.
    pub(crate) fn take(&self, values: u64) -> Result<()> {
        let before =
            self.used.fetch_add(values.min(self.limit.saturating_add(1)), Ordering::Relaxed);
        if before.saturating_add(values) <= self.limit { Ok(()) } else { Err(self.exceeded()) }
    }

    /// The values that are left.
    pub(crate) fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used.load(Ordering::Relaxed))
    }

    /// Whether a response may have so many values.
    pub(crate) const fn allows(&self, values: u64) -> bool {
        values <= self.limit
    }

    pub(crate) fn exceeded(&self) -> Error {
        let message =
            format!("the answer has more than {} values: ask for smaller pages", self.limit);
        Error::new(Code::BadUserInput, message).with_source(TooComplex)
    }

    /// Waits until the request may run another statement.
    pub(crate) async fn permit(&self) -> Result<SemaphorePermit<'_>> {
        self.statements
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
