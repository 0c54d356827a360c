//! An issuer of tokens, and the verification of one of its tokens.

use std::sync::Arc;
use std::time::SystemTime;

use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use sha2::{Digest as _, Sha256};

use super::claims::Claims;
use super::parts::Parts;
use crate::auth::Principal;
use crate::auth::denied::{Denied, shown};
use crate::auth::jwks::{KeyCache, RefreshTimes};
use crate::config::{IssuerConfig, JwtAlgorithm, Secret};
use crate::error::Result;

/// An issuer with its keys.
pub(super) struct Issuer {
    config: IssuerConfig,
    secret: Option<DecodingKey>,
    keys: Option<Arc<KeyCache>>,
}

/// A token that was verified.
pub(super) struct Verified {
    pub(super) principal: Arc<Principal>,
    pub(super) end: SystemTime,
    /// The generation of the issuer's keys that verified it.
    pub(super) generation: u64,
}

impl Issuer {
    /// Reads its keys.
    pub(super) async fn start(config: IssuerConfig, times: RefreshTimes) -> Result<Self> {
        let secret = config
            .secret
            .as_ref()
            .map(Secret::expose)
            .map(str::as_bytes)
            .map(DecodingKey::from_secret);
        let keys = match &config.jwks {
            Some(location) => Some(KeyCache::start(location, times).await?),
            None => None,
        };
        Ok(Self { config, secret, keys })
    }

    pub(super) fn name(&self) -> &str {
        &self.config.issuer
    }

    /// Moves when its keys change.
    pub(super) fn generation(&self) -> u64 {
        self.keys.as_ref().map_or(0, |keys| keys.generation())
    }

    /// Verifies a token that claims to be from this issuer. The claims that need no key are
    /// looked at first, so that a token which is refused anyway costs no fetch of keys.
    pub(super) async fn verify(&self, parts: &Parts<'_>) -> Result<Verified, Denied> {
        let claims = Claims(&parts.claims);
        if !self.config.algorithms.contains(&parts.algorithm) {
            let message = format!("the issuer does not sign by {:?}", parts.algorithm);
            return Err(Denied::because(message));
        }
        let end = claims.check(&self.config)?;
        let (key, generation) = self.key(parts).await?;
        // Not `decode`: that knows neither Ed25519 in headers nor another claim than `aud`,
        // and takes the claims for verified that are not there.
        match crypto::verify(parts.signature, parts.message, &key, algorithm(parts.algorithm)) {
            Ok(true) => {}
            Ok(false) => return Err(Denied::because("the signature is wrong")),
            Err(error) => return Err(Denied::because(format!("the signature: {error}"))),
        }
        let subject = claims.subject(&self.config.claims)?;
        let principal = Principal {
            credential: credential(self.name(), &subject),
            subject,
            scope: claims.scope(&self.config)?,
            expires: Some(end),
            api_key: None,
        };
        Ok(Verified { principal: Arc::new(principal), end, generation })
    }

    async fn key(&self, parts: &Parts<'_>) -> Result<(DecodingKey, u64), Denied> {
        if parts.algorithm == JwtAlgorithm::Hs256 {
            let secret = self.secret.clone().map(|secret| (secret, self.generation()));
            return secret.ok_or_else(|| Denied::because("the issuer has no secret"));
        }
        let id = parts.key_id.as_deref();
        let found = match &self.keys {
            Some(keys) => keys.find(parts.algorithm, id).await,
            None => None,
        };
        found.ok_or_else(|| {
            let id = id.map_or_else(|| "without a kid".to_owned(), shown);
            Denied::because(format!("the issuer has no one key {id} for {:?}", parts.algorithm))
        })
    }
}

const fn algorithm(algorithm: JwtAlgorithm) -> Algorithm {
    match algorithm {
        JwtAlgorithm::Hs256 => Algorithm::HS256,
        JwtAlgorithm::Rs256 => Algorithm::RS256,
        JwtAlgorithm::Es256 => Algorithm::ES256,
        JwtAlgorithm::EdDsa => Algorithm::EdDSA,
    }
}

/// The same for every token of a subject.
fn credential(issuer: &str, subject: &str) -> u64 {
    let hash =
        Sha256::new().chain_update(issuer).chain_update([0]).chain_update(subject).finalize();
    hash.first_chunk().copied().map_or(0, u64::from_be_bytes)
}
