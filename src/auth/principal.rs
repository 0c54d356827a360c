//! The caller of a request.

use std::time::SystemTime;

use super::Scope;

/// The caller of a request, as its credentials say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who it is: the claim `sub` of a token, or the name of an API key; empty without access
    /// control.
    pub subject: String,
    /// What it may read and do.
    pub scope: Scope,
    /// When its credentials end; `None` if they do not.
    pub expires: Option<SystemTime>,
    /// Tells its credentials from all others, and is no secret: limits count by it. 0 without
    /// access control.
    pub credential: u64,
}

impl Principal {
    /// The caller where there is no access control.
    #[must_use]
    pub fn operator() -> Self {
        Self { subject: String::new(), scope: Scope::everything(), expires: None, credential: 0 }
    }
}
