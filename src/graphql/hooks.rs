//! What the server does around an execution.

use async_graphql::ServerError;

use crate::audit::Caller;

/// What the server does around the execution of one operation.
pub trait Hooks: std::fmt::Debug + Send + Sync {
    /// Takes the estimated cost of an operation from the budget of its caller, just before it
    /// is executed.
    ///
    /// # Errors
    /// If the budget has not enough left; nothing is executed then.
    fn charge(&self, cost: u64) -> Result<(), ServerError>;

    /// Who calls, for the audit log.
    fn caller(&self) -> Caller;
}
