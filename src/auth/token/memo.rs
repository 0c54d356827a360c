//! Tokens that were verified. To look one up costs a hash of its text, to verify one
//! again up to a hundred times as much.

use std::sync::Arc;
use std::time::SystemTime;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::issuer::Verified;
use crate::auth::Principal;

/// Memory of all entries. Only tokens that were verified are there: others have no way to
/// take the place of these.
const BYTES: u64 = 16 << 20;
/// Memory of an entry without what it points to.
const ENTRY_BYTES: usize = 256;

/// SHA-256 of a token's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

#[derive(Clone)]
struct Entry {
    principal: Arc<Principal>,
    end: SystemTime,
    /// The place of its issuer.
    issuer: usize,
    generation: u64,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<TokenHash, Entry> for Bytes {
    fn weight(&self, _: &TokenHash, entry: &Entry) -> u64 {
        let scope = &entry.principal.scope;
        let territories = scope.territories().map_or(0, size_of_val);
        let texts = entry.principal.subject.len() + scope.org().map_or(0, str::len);
        (ENTRY_BYTES + territories + texts) as u64
    }
}

/// The verified tokens, up to a number of bytes.
pub(super) struct Memo(Cache<TokenHash, Entry, Bytes>);

impl Memo {
    pub(super) fn new() -> Self {
        let entries = usize::try_from(BYTES).unwrap_or(usize::MAX) / ENTRY_BYTES / 4;
        Self(Cache::with_weighter(entries, BYTES, Bytes))
    }

    /// The principal of a token that was verified, has not ended, and whose issuer has the same
    /// keys as then.
    pub(super) fn get(
        &self,
        token: TokenHash,
        generation: impl Fn(usize) -> Option<u64>,
    ) -> Option<Arc<Principal>> {
        let entry = self.0.get(&token)?;
        let is_current = generation(entry.issuer) == Some(entry.generation);
        if is_current && SystemTime::now() < entry.end {
            return Some(entry.principal);
        }
        self.0.remove(&token);
        None
    }

    pub(super) fn put(&self, token: TokenHash, issuer: usize, verified: &Verified) {
        let Verified { principal, end, generation } = verified;
        let (principal, end, generation) = (Arc::clone(principal), *end, *generation);
        self.0.insert(token, Entry { principal, end, issuer, generation });
    }
}
