//! Access control: from the credentials of a request to its principal.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use super::Principal;
use super::api_key::ApiKeys;
use super::bearer::Credentials;
use super::denied::Denied;
use super::jwks::RefreshTimes;
use super::token::Verifier;
use crate::config::IssuerConfig;
use crate::error::Result;

/// Time between two looks at whether the key of an open connection is revoked.
const RECHECK: Duration = Duration::from_secs(3);
/// Longest sleep until credentials end: the clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How callers are known. Clones share it.
#[derive(Debug, Clone)]
pub enum Access {
    /// There is no access control: every caller is the operator.
    Open(Arc<Principal>),
    /// Callers show a token or an API key.
    Controlled(Arc<Control>),
}

/// Checks tokens and API keys.
pub struct Control {
    tokens: Verifier,
    keys: Option<ApiKeys>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Access {
    /// No access control.
    #[must_use]
    pub fn open() -> Self {
        Self::Open(Arc::new(Principal::operator()))
    }

    /// Accepts the tokens of these issuers, whose keys are read first, and these API keys.
    ///
    /// # Errors
    /// `CONFIG` if the keys of an issuer are in a file that cannot be read, or TLS cannot be
    /// set up.
    pub async fn control(
        issuers: &[IssuerConfig],
        keys: Option<ApiKeys>,
        times: RefreshTimes,
    ) -> Result<Self> {
        let tokens = Verifier::start(issuers, times).await?;
        Ok(Self::Controlled(Arc::new(Control { tokens, keys })))
    }

    /// Whether there is no access control.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// The principal of the values of a request's `Authorization` headers, as they came.
    ///
    /// # Errors
    /// If they are missing or not accepted, or cannot be checked now.
    pub async fn principal(&self, authorization: &[&[u8]]) -> Result<Arc<Principal>, Denied> {
        let control = match self {
            Self::Open(operator) => return Ok(Arc::clone(operator)),
            Self::Controlled(control) => control,
        };
        match Credentials::of(authorization)? {
            Credentials::Token(token) => control.tokens.verify(token).await,
            Credentials::Key(key) => match &control.keys {
                Some(keys) => keys.principal(key).await,
                None => Err(Denied::because("API keys are not accepted")),
            },
        }
    }

    /// Ends when the credentials of a principal do: when they expire, or soon after its key
    /// was revoked.
    pub async fn ended(self, principal: Arc<Principal>) {
        let key = match (&self, &principal.api_key) {
            (Self::Controlled(control), Some(id)) => control.keys.as_ref().map(|keys| (keys, id)),
            _ => None,
        };
        if key.is_none() && principal.expires.is_none() {
            return pending().await;
        }
        loop {
            let left = match principal.expires {
                None => LONGEST_SLEEP,
                Some(end) => match end.duration_since(SystemTime::now()) {
                    Ok(left) if !left.is_zero() => left.min(LONGEST_SLEEP),
                    _ => return,
                },
            };
            match key {
                None => sleep(left).await,
                Some((keys, id)) => {
                    sleep(left.min(RECHECK)).await;
                    if keys.is_revoked(id).await {
                        return;
                    }
                }
            }
        }
    }
}
