//! What one request may still take while it is executed.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{Code, Error, Result};
use crate::graphql::response::errors::TooComplex;

/// Statements of one request that run at the same time, so that it does not take
/// every connection there is.
const AT_ONCE: usize = 3;

/// What one request may still take.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    made: AtomicU64,
    turns: Semaphore,
}

impl Budget {
    pub(crate) const fn new(limit: u64) -> Self {
        Self { limit, made: AtomicU64::new(0), turns: Semaphore::const_new(AT_ONCE) }
    }

    /// Makes so many more values.
    ///
    /// # Errors
    /// When these are more than may be.
    pub(crate) fn take(&self, values: u64) -> Result<()> {
        let before =
            self.made.fetch_add(values.min(self.limit.saturating_add(1)), Ordering::Relaxed);
        if before.saturating_add(values) <= self.limit { Ok(()) } else { Err(self.exceeded()) }
    }

    /// How many values may still be made.
    pub(crate) fn left(&self) -> u64 {
        self.limit.saturating_sub(self.made.load(Ordering::Relaxed))
    }

    /// Whether an answer may have so many values.
    pub(crate) const fn allows(&self, values: u64) -> bool {
        values <= self.limit
    }

    pub(crate) fn exceeded(&self) -> Error {
        let message =
            format!("the answer has more than {} values: ask for smaller pages", self.limit);
        Error::new(Code::BadUserInput, message).with_source(TooComplex)
    }

    /// Waits until the request may run one more statement.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>> {
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
