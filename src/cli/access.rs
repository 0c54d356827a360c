//! Who may use the API: what the configuration says, and what it must say to serve.

use std::net::SocketAddr;

use sqlx::PgPool;

use crate::auth::{Access, ApiKeys, RefreshTimes};
use crate::config::Config;
use crate::config::auth::API_KEYS;
use crate::error::{Code, Error, Result};

/// The flag that leaves access control out.
const FLAG: &str = "--insecure-no-auth";

/// Whether there is access control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessMode {
    /// Everyone who reaches the API may do everything.
    Open,
    /// Tokens, API keys or both are needed.
    Controlled,
}

impl AccessMode {
    /// What is configured, if that is enough to serve at this address.
    ///
    /// # Errors
    /// `CONFIG` if neither access control nor the flag is there, or both are, or an API without
    /// access control could be reached from other machines.
    pub(super) fn of(config: &Config, insecure: bool, bind: SocketAddr) -> Result<Self> {
        let failed = |message: String| Err(Error::new(Code::Config, message));
        match (is_configured(config), insecure) {
            (true, false) => Ok(Self::Controlled),
            (true, true) => failed(format!(
                "{FLAG} leaves out access control, but it is configured: leave out the flag, or the \
                 keys of [jwt] and {API_KEYS}"
            )),
            (false, false) => failed(format!(
                "no access control is configured: set JWT_ALGORITHM, JWT_SECRET (or JWT_JWKS_URL), \
                 JWT_ISSUER and JWT_AUDIENCE for tokens, or AUTH_API_KEYS=true for API keys; or \
                 serve everything to everyone on this machine with {FLAG}"
            )),
            (false, true) => Self::open_at(bind),
        }
    }

    /// No access control, which only a loopback address may have.
    pub(super) fn open_at(bind: SocketAddr) -> Result<Self> {
        if bind.ip().is_loopback() {
            return Ok(Self::Open);
        }
        let message = format!(
            "without access control the API listens on a loopback address only, such as \
             127.0.0.1:8000, and not on {bind}, where other machines may reach it"
        );
        Err(Error::new(Code::Config, message))
    }

    /// Access as it is configured; API keys are in the main database.
    pub(super) async fn access(self, config: &Config, main: &PgPool) -> Result<Access> {
        match self {
            Self::Open => Ok(Access::open()),
            Self::Controlled => {
                let keys = config.auth.api_keys.unwrap_or(true).then(|| ApiKeys::new(main.clone()));
                Access::control(&config.jwt.issuers, keys, RefreshTimes::default()).await
            }
        }
    }
}

fn is_configured(config: &Config) -> bool {
    !config.jwt.issuers.is_empty() || config.auth.api_keys == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigSources, Overrides};

    fn mode(set: &[(&str, &str)], insecure: bool, bind: &str) -> Result<AccessMode> {
        let env = |name: &str| {
            set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let sources = ConfigSources { file: None, overrides: Overrides::default(), env };
        AccessMode::of(&Config::load(&sources).unwrap(), insecure, bind.parse().unwrap())
    }

    #[test]
    fn an_api_without_access_control_is_asked_for_and_local() {
        let (local, open) = ("127.0.0.1:8000", "0.0.0.0:8000");
        let refused = mode(&[], false, local).unwrap_err().to_string();
        assert!(refused.contains(FLAG) && refused.contains("JWT_ALGORITHM"), "{refused}");
        assert_eq!(mode(&[], true, local).unwrap(), AccessMode::Open);
        assert_eq!(mode(&[], true, "[::1]:1").unwrap(), AccessMode::Open);
        let refused = mode(&[], true, open).unwrap_err().to_string();
        assert!(refused.contains(open), "{refused}");
        assert_eq!(mode(&[], true, open).unwrap_err().code(), Code::Config);
        let none = [("AUTH_API_KEYS", "false")];
        assert!(mode(&none, false, local).is_err());
    }

    #[test]
    fn with_access_control_any_address_may_be_bound() {
        let keys = [("AUTH_API_KEYS", "true")];
        let secret = "0123456789abcdef0123456789abcdef";
        let tokens = [
            ("JWT_ALGORITHM", "HS256"),
            ("JWT_SECRET", secret),
            ("JWT_ISSUER", "i"),
            ("JWT_AUDIENCE", "a"),
        ];
        for set in [&keys[..], &tokens] {
            assert_eq!(mode(set, false, "0.0.0.0:8000").unwrap(), AccessMode::Controlled);
            let refused = mode(set, true, "127.0.0.1:8000").unwrap_err().to_string();
            assert!(refused.contains("leave out the flag"), "{refused}");
        }
    }
}
