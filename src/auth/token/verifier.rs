//! Verifies tokens, each against the issuer that it names.

use std::collections::HashMap;
use std::sync::Arc;

use super::claims::Claims;
use super::issuer::{Issuer, Verified};
use super::memo::{Memo, TokenHash};
use super::parts::Parts;
use crate::auth::Principal;
use crate::auth::denied::{Denied, shown};
use crate::auth::jwks::RefreshTimes;
use crate::config::IssuerConfig;
use crate::error::Result;

/// The issuers whose tokens are accepted.
pub(in crate::auth) struct Verifier {
    issuers: Vec<Issuer>,
    /// Their places by their names in tokens.
    by_name: HashMap<String, usize>,
    memo: Memo,
}

impl Verifier {
    /// Reads the keys of the issuers, of all at once.
    pub(in crate::auth) async fn start(
        issuers: &[IssuerConfig],
        times: RefreshTimes,
    ) -> Result<Self> {
        let started = issuers.iter().map(|config| Issuer::start(config.clone(), times));
        let issuers: Vec<Issuer> =
            futures_util::future::join_all(started).await.into_iter().collect::<Result<_>>()?;
        let names = issuers.iter().enumerate();
        let by_name = names.map(|(place, issuer)| (issuer.name().to_owned(), place)).collect();
        Ok(Self { issuers, by_name, memo: Memo::new() })
    }

    /// The principal of a token.
    pub(in crate::auth) async fn verify(&self, token: &str) -> Result<Arc<Principal>, Denied> {
        let hash = TokenHash::of(token);
        let generation = |place| self.issuers.get(place).map(Issuer::generation);
        if let Some(principal) = self.memo.get(hash, generation) {
            return Ok(principal);
        }
        // On the heap, which a remembered token need not pay for.
        let (place, verified) = Box::pin(self.verify_anew(token)).await?;
        self.memo.put(hash, place, &verified);
        Ok(verified.principal)
    }

    async fn verify_anew(&self, token: &str) -> Result<(usize, Verified), Denied> {
        let parts = Parts::of(token)?;
        let claims = Claims(&parts.claims);
        let name = claims.issuer();
        let name = name.ok_or_else(|| Denied::because("the token names no issuer"))?;
        let place = self.by_name.get(name).copied();
        let known = place.and_then(|place| Some((place, self.issuers.get(place)?)));
        let (place, issuer) = known
            .ok_or_else(|| Denied::because(format!("the issuer {} is unknown", shown(name))))?;
        let verified = issuer.verify(&parts).await.map_err(|denied| match denied {
            Denied::Unauthenticated(why) => {
                Denied::because(format!("a token of {}: {why}", shown(name)))
            }
            denied @ Denied::Unavailable(_) => denied,
        })?;
        Ok((place, verified))
    }
}
