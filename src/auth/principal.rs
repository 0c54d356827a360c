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
    /// Tells callers apart, and is no secret: limits count by it. It is that of the subject
    /// at its issuer, so that a new token is no new caller, or that of an API key; 0 without
    /// access control.
    pub credential: u64,
    /// The id of its API key, if it has shown one: keys can be revoked.
    pub api_key: Option<String>,
}

impl Principal {
    /// The caller where there is no access control.
    #[must_use]
    pub fn operator() -> Self {
        let (subject, scope) = (String::new(), Scope::everything());
        Self { subject, scope, expires: None, credential: 0, api_key: None }
    }

    /// What limits count by; `None` without access control, where nothing is limited so.
    #[must_use]
    pub fn counted_as(&self) -> Option<u64> {
        (self.credential != 0).then_some(self.credential)
    }
}
