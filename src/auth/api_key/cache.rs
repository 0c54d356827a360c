//! The keys in use, read from the database all at once: a wrong key costs no statement of
//! its own, however many are tried.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use sqlx::PgPool;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::secret::{KeyHash, hash, id_of};
use crate::auth::denied::{Denied, shown};
use crate::auth::{Grants, Principal, Scope};
use crate::db::api_keys::{self, StoredKey};

/// How long keys are used before they are read again: a revoked key works no longer than
/// that.
const MAX_AGE: Duration = Duration::from_secs(5);
/// Shortest time between two reads for keys that are not known: a new key works after that at
/// the latest, and who tries keys makes a server read them all no more often.
const UNKNOWN_PAUSE: Duration = Duration::from_secs(2);
/// Shortest time between a read that failed and the next.
const RETRY_PAUSE: Duration = Duration::from_millis(250);
/// Longest time of a read.
const READ_TIMEOUT: Duration = Duration::from_secs(3);

/// The keys in use. Clones share them.
#[derive(Clone)]
pub struct ApiKeys(Arc<Inner>);

struct Inner {
    pool: PgPool,
    known: RwLock<Arc<Known>>,
    /// Held during a read: there is one at a time.
    reading: Mutex<LastRead>,
}

/// The keys as they were read.
#[derive(Default)]
struct Known {
    /// When the read began.
    since: Option<Instant>,
    by_id: HashMap<String, Key>,
}

struct Key {
    hash: KeyHash,
    principal: Arc<Principal>,
}

#[derive(Default)]
struct LastRead {
    began: Option<Instant>,
    failure: Option<String>,
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeys")
    }
}

impl ApiKeys {
    /// The keys in the main database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self(Arc::new(Inner { pool, known: RwLock::default(), reading: Mutex::default() }))
    }

    /// The principal of a key.
    pub(in crate::auth) async fn principal(&self, text: &str) -> Result<Arc<Principal>, Denied> {
        let id =
            id_of(text).ok_or_else(|| Denied::because("this is not the form of an API key"))?;
        let known = self.fresh().await?;
        if !known.by_id.contains_key(id) {
            // It may be a new one.
            self.read_again(UNKNOWN_PAUSE).await?;
        }
        let known = self.known();
        let key = known.by_id.get(id);
        let key =
            key.ok_or_else(|| Denied::because(format!("there is no API key {}", shown(id))))?;
        if !is_same(&key.hash, &hash(text)) {
            return Err(Denied::because(format!("this is not the API key {}", shown(id))));
        }
        if key.principal.expires.is_some_and(|end| end <= SystemTime::now()) {
            return Err(Denied::because(format!("the API key {} has expired", shown(id))));
        }
        Ok(Arc::clone(&key.principal))
    }

    /// Whether a key that was in use is no longer. It is taken to be in use while the database
    /// does not answer.
    pub(in crate::auth) async fn is_revoked(&self, id: &str) -> bool {
        self.fresh().await.is_ok_and(|known| !known.by_id.contains_key(id))
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.0.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys, read at most so long ago.
    async fn fresh(&self) -> Result<Arc<Known>, Denied> {
        let known = self.known();
        if known.since.is_some_and(|since| since.elapsed() < MAX_AGE) {
            return Ok(known);
        }
        self.read_again(MAX_AGE).await?;
        Ok(self.known())
    }

    /// Reads the keys unless another has begun to do so within `age`, or since this waits.
    async fn read_again(&self, age: Duration) -> Result<(), Denied> {
        let waits_since = Instant::now();
        let mut last = self.0.reading.lock().await;
        let is_recent = |began: Instant| match &last.failure {
            None => began.elapsed() < age || began >= waits_since,
            Some(_) => began.elapsed() < RETRY_PAUSE || began >= waits_since,
        };
        if !last.began.is_some_and(is_recent) {
            last.began = Some(Instant::now());
            last.failure = self.read().await.err();
            if let Some(problem) = &last.failure {
                tracing::warn!(problem, "the API keys cannot be read");
            }
        }
        match &last.failure {
            None => Ok(()),
            Some(problem) => Err(Denied::Unavailable(format!("the API keys: {problem}"))),
        }
    }

    async fn read(&self) -> Result<(), String> {
        let since = Some(Instant::now());
        let keys = match timeout(READ_TIMEOUT, api_keys::in_use(&self.0.pool)).await {
            Ok(Ok(keys)) => keys,
            Ok(Err(error)) => return Err(error.detail()),
            Err(_) => return Err(format!("no answer within {} s", READ_TIMEOUT.as_secs())),
        };
        let by_id = keys.into_iter().filter_map(|key| Some((key.id.clone(), Key::of(key)?)));
        let known = Known { since, by_id: by_id.collect() };
        *self.0.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
        Ok(())
    }
}

impl Key {
    fn of(stored: StoredKey) -> Option<Self> {
        let hash = KeyHash::try_from(stored.hash).ok()?;
        let scope = Scope::new(stored.org, Grants::known_in(&stored.scope), stored.territories);
        let principal = Principal {
            subject: stored.name,
            scope,
            expires: stored.expires_at.map(SystemTime::from),
            // Of the hash, which is as random as the key.
            credential: hash.first_chunk().copied().map_or(0, u64::from_be_bytes),
            api_key: Some(stored.id),
        };
        Some(Self { hash, principal: Arc::new(principal) })
    }
}

/// Compares in a time that does not depend on where they differ.
fn is_same(one: &KeyHash, other: &KeyHash) -> bool {
    one.iter().zip(other).fold(0, |differ, (one, other)| differ | (one ^ other)) == 0
}
