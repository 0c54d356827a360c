//! Complete response bodies in memory, each for the version of the data it was
//! executed at.
//!
//! Why a body stored under version V may be sent to every request at V: its
//! statements began after V was seen, so it lacks nothing that V has. If they ran
//! while the next version was being committed the body may show some of that, too;
//! but then V is over, and later requests look up the next version. Those who asked
//! before lose nothing by seeing more.

use std::hash::RandomState;
use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use tokio::sync::watch;

use super::flight::{Flights, Outcome, Role};
use super::key::CacheKey;
use crate::telemetry::metrics::CacheOutcome;

/// Parts of the store with their own locks. An entry must fit into one.
const SHARDS: usize = 4;
/// Largest share of the store that one entry may take.
const LARGEST_SHARE: usize = 16;
/// Bytes of a typical response, to estimate the number of entries.
const TYPICAL_BYTES: usize = 4096;
/// Approximate overhead of an entry.
const ENTRY_BYTES: usize = 128;

/// The result of an execution.
pub(in crate::http) enum Execution {
    /// A complete body: the same for every equal request, as long as the data stay
    /// the same.
    Cacheable(Bytes),
    /// Anything else: with an error, or not of a query.
    Uncacheable(Response),
}

/// The store. Keys are compared as a whole, and hashed with a secret of this
/// process: clients cannot construct collisions.
pub(super) struct ResponseStore {
    bodies: Cache<Arc<CacheKey>, Bytes, ByBytes, RandomState>,
    flights: Flights,
    largest: usize,
}

impl ResponseStore {
    /// A store of up to `max_bytes` of keys and bodies; none if that is too little
    /// for any.
    pub(super) fn new(max_bytes: usize) -> Option<Self> {
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .weight_capacity(u64::try_from(max_bytes).unwrap_or(u64::MAX))
            .estimated_items_capacity(max_bytes / TYPICAL_BYTES)
            .build()
            .ok()?;
        let hasher = RandomState::new();
        let bodies = Cache::with_options(options, ByBytes, hasher, DefaultLifecycle::default());
        Some(Self { bodies, flights: Flights::default(), largest: max_bytes / LARGEST_SHARE })
    }

    pub(super) fn get(&self, key: &CacheKey) -> Option<Bytes> {
        self.bodies.get(key)
    }

    /// Executes once for all concurrent requests with this key. An uncacheable
    /// result is not shared: every other request then executes for itself. `note` is told which
    /// it is.
    pub(super) async fn get_or_execute(
        &self,
        key: &Arc<CacheKey>,
        execute: impl Future<Output = Execution>,
        note: &(dyn Fn(CacheOutcome) + Sync),
    ) -> Execution {
        loop {
            match self.flights.join(key) {
                Role::Leader(leader) => {
                    // Another flight may have ended since the caller looked.
                    let execution = match self.get(key) {
                        Some(body) => {
                            note(CacheOutcome::Hit);
                            Execution::Cacheable(body)
                        }
                        None => {
                            note(CacheOutcome::Miss);
                            execute.await
                        }
                    };
                    leader.finish(match &execution {
                        Execution::Cacheable(body) => {
                            self.insert(key, body);
                            Outcome::Shared(body.clone())
                        }
                        Execution::Uncacheable(_) => Outcome::NotShared,
                    });
                    return execution;
                }
                Role::Follower(follower) => match follower.outcome().await {
                    Some(Outcome::Shared(body)) => {
                        note(CacheOutcome::Shared);
                        return Execution::Cacheable(body);
                    }
                    Some(Outcome::NotShared) => {
                        note(CacheOutcome::Miss);
                        return execute.await;
                    }
                    // The leader was cancelled.
                    None => {}
                },
            }
        }
    }

    fn insert(&self, key: &Arc<CacheKey>, body: &Bytes) {
        if weight(key, body) <= self.largest {
            self.bodies.insert(Arc::clone(key), body.clone());
        }
    }

    /// Bytes of keys and bodies.
    pub(super) fn bytes(&self) -> u64 {
        self.bodies.weight()
    }

    /// Evicts older versions, which no request looks up any more.
    fn evict_before(&self, version: i64) {
        self.bodies.retain(|key, _| key.version.version >= version);
    }

    /// Evicts older versions after every commit, as long as both ends live.
    pub(super) fn follow(self: &Arc<Self>, mut changes: watch::Receiver<i64>) {
        let store = Arc::downgrade(self);
        tokio::spawn(async move {
            while changes.changed().await.is_ok() {
                let version = *changes.borrow_and_update();
                let Some(store) = store.upgrade() else { return };
                store.evict_before(version);
            }
        });
    }
}

#[derive(Debug, Clone, Copy)]
struct ByBytes;

impl Weighter<Arc<CacheKey>, Bytes> for ByBytes {
    fn weight(&self, key: &Arc<CacheKey>, body: &Bytes) -> u64 {
        u64::try_from(weight(key, body)).unwrap_or(u64::MAX)
    }
}

fn weight(key: &CacheKey, body: &Bytes) -> usize {
    key.bytes().saturating_add(body.len()).saturating_add(ENTRY_BYTES)
}

#[cfg(test)]
mod tests;
