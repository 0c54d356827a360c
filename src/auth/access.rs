//! Access control: from the credentials of a request to its principal.

use std::sync::Arc;

use super::Principal;

/// How callers are known. Clones share it.
#[derive(Debug, Clone)]
pub enum Access {
    /// There is no access control: every caller is the operator.
    Open(Arc<Principal>),
}

/// Why credentials are not accepted. It goes to the log and not to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Denied(pub String);

impl Access {
    /// No access control.
    #[must_use]
    pub fn open() -> Self {
        Self::Open(Arc::new(Principal::operator()))
    }

    /// The principal of the values of a request's `Authorization` headers, as they came.
    ///
    /// # Errors
    /// If they are missing or not accepted.
    #[expect(clippy::unused_async, reason = "the keys of an issuer may have to be fetched")]
    pub async fn principal(&self, _authorization: &[&[u8]]) -> Result<Arc<Principal>, Denied> {
        match self {
            Self::Open(operator) => Ok(Arc::clone(operator)),
        }
    }
}
