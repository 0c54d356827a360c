//! Signs tokens with the secret of an issuer.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Map, Value, json};

use crate::auth::{Scope, random};
use crate::config::{ClaimNames, IssuerConfig, JwtAlgorithm, Secret};
use crate::error::{Code, Error, Result};

/// Signs tokens of an issuer by HS256.
#[derive(Debug)]
pub struct TokenSigner {
    issuer: IssuerConfig,
    key: EncodingKey,
}

impl TokenSigner {
    /// Of the first issuer that has a secret.
    ///
    /// # Errors
    /// `CONFIG` if none has one.
    pub fn of(issuers: &[IssuerConfig]) -> Result<Self> {
        let found = issuers.iter().find_map(|issuer| Some((issuer, issuer.secret.as_ref()?)));
        let (issuer, secret) = found.ok_or_else(|| {
            let message = "tokens are signed here with a shared secret, and no issuer has one: set \
                           JWT_ALGORITHM=HS256 with JWT_SECRET, JWT_ISSUER and JWT_AUDIENCE; the tokens \
                           of other issuers come from them";
            Error::new(Code::Config, message)
        })?;
        let key = EncodingKey::from_secret(secret.expose().as_bytes());
        Ok(Self { issuer: issuer.clone(), key })
    }

    /// A new issuer with a secret of its own, for tokens that end with this process.
    ///
    /// # Errors
    /// `INTERNAL` if the operating system gives no random bytes.
    pub fn ephemeral() -> Result<Self> {
        let secret = Secret::new(URL_SAFE_NO_PAD.encode(random::bytes::<32>()?));
        let issuer = IssuerConfig {
            algorithms: BTreeSet::from([JwtAlgorithm::Hs256]),
            secret: Some(secret),
            jwks: None,
            issuer: "salesgraph".to_owned(),
            audience: vec!["salesgraph".to_owned()],
            claims: ClaimNames::default(),
            territories_required: false,
            scope_prefix: None,
        };
        Self::of(&[issuer])
    }

    /// The issuer, for those who accept its tokens.
    #[must_use]
    pub fn issuer(&self) -> &IssuerConfig {
        &self.issuer
    }

    /// A token of this subject with this scope, valid from now on for `ttl`.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` if it would end after time does, `INTERNAL` if it cannot be signed.
    pub fn sign(&self, subject: &str, scope: &Scope, ttl: Duration) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let end = now.checked_add(ttl);
        let end = end.ok_or_else(|| Error::new(Code::BadUserInput, "the token lives too long"))?;
        let prefix = self.issuer.scope_prefix.as_deref().unwrap_or_default();
        let scopes: Vec<String> =
            scope.grants().iter().map(|grant| format!("{prefix}{grant}")).collect();
        let names = &self.issuer.claims;
        let mut claims: Map<String, Value> = [
            ("iss".to_owned(), json!(self.issuer.issuer)),
            ("iat".to_owned(), json!(now.as_secs())),
            ("exp".to_owned(), json!(end.as_secs())),
            (names.audience.clone(), json!(self.issuer.audience.first())),
            (names.subject.clone(), json!(subject)),
            (names.scope.clone(), json!(scopes.join(" "))),
        ]
        .into_iter()
        .collect();
        if let Some(org) = scope.org() {
            claims.insert(names.org.clone(), json!(org));
        }
        if let Some(territories) = scope.territories() {
            claims.insert(names.territories.clone(), json!(territories));
        }
        encode(&Header::default(), &claims, &self.key)
            .map_err(|error| Error::internal("the token cannot be signed").with_source(error))
    }
}
