//! Complete response bodies in memory, each with the tables that it was read from and their
//! version when it was executed.
//!
//! Why a body whose tables had version V may be sent to every request that finds them at V:
//! its statements began after V was seen, so it lacks nothing that V has. If they ran
//! while the next version was being committed the body may show some of that, too;
//! but then V is over, and later requests find the next version. Those who asked
//! before lose nothing by seeing more. What other tables have become is of no account: it
//! would be executed by the same statements, with the same rows.

use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use tokio::sync::{OnceCell, watch};
use tokio::time::sleep;

use super::flight::{Flights, Outcome, Role};
use super::key::CacheKey;
use crate::db::data_version::tables::TableSet;
use crate::db::data_version::{DataVersion, Versions};
use crate::http::compression::{Coding, compress, is_compressed};
use crate::telemetry::metrics::CacheOutcome;

/// Parts of the store with their own locks. An entry must fit into one.
const SHARDS: usize = 4;
/// Largest share of the store that one entry may take.
const LARGEST_SHARE: usize = 16;
/// Bytes of a typical response, to estimate the number of entries.
const TYPICAL_BYTES: usize = 4096;
/// Each looks at all entries.
const BETWEEN_SWEEPS: Duration = Duration::from_millis(500);
/// Approximate overhead of an entry.
const ENTRY_BYTES: usize = 256;

/// The result of an execution.
pub(in crate::http) enum Execution {
    /// A complete body: the same for every equal request, as long as the tables that it was
    /// read from stay the same.
    Cacheable(Bytes, TableSet),
    /// Anything else: with an error, or not of a query.
    Uncacheable(Response),
}

/// A body that is kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) body: Bytes,
    pub(super) tables: TableSet,
    /// Of these tables.
    version: DataVersion,
    compressed: Arc<Compressed>,
    /// Bytes of what of it was compressed when it was put here: the store takes off again what
    /// it has added.
    compressed_bytes: usize,
}

/// A body as clients want it that take it compressed, made for the first of them.
#[derive(Debug, Default)]
struct Compressed {
    gzip: OnceCell<Option<Bytes>>,
    brotli: OnceCell<Option<Bytes>>,
}

impl Compressed {
    fn of(&self, coding: Coding) -> Option<&OnceCell<Option<Bytes>>> {
        match coding {
            Coding::Identity => None,
            Coding::Gzip => Some(&self.gzip),
            Coding::Brotli => Some(&self.brotli),
        }
    }

    fn bytes(&self) -> usize {
        let made = [&self.gzip, &self.brotli].into_iter().filter_map(OnceCell::get);
        made.flatten().map(Bytes::len).sum()
    }
}

impl Kept {
    fn is_current(&self, versions: &Versions) -> bool {
        versions.of(self.tables) == self.version
    }
}

/// The store. Keys are compared as a whole, and hashed with a secret of this
/// process: clients cannot construct collisions.
pub(super) struct ResponseStore {
    bodies: Cache<Arc<CacheKey>, Kept, ByBytes, RandomState>,
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

    /// The body that is right at these versions.
    pub(super) fn get(&self, key: &CacheKey, versions: &Versions) -> Option<Kept> {
        self.bodies.get(key).filter(|kept| kept.is_current(versions))
    }

    /// A body in a coding; `None` where it is not kept so.
    pub(super) async fn compressed(
        &self,
        key: &Arc<CacheKey>,
        kept: &Kept,
        coding: Coding,
    ) -> Option<Bytes> {
        let made = kept.compressed.of(coding)?;
        // Both codings find room, too.
        let most = weight(key, kept).max(kept.body.len().saturating_mul(3));
        if !is_compressed(&kept.body) || most > self.largest {
            return None;
        }
        let was_made = made.initialized();
        let body = made.get_or_init(|| compress(kept.body.clone(), coding)).await.clone();
        if !was_made {
            // It weighs more now.
            let compressed_bytes = kept.compressed.bytes();
            self.put(key, Kept { compressed_bytes, ..kept.clone() });
        }
        body
    }

    /// Executes once for all concurrent requests with this key and these versions. An uncacheable
    /// result is not shared: every other request then executes for itself. `note` is told which
    /// it is.
    pub(super) async fn get_or_execute(
        &self,
        key: &Arc<CacheKey>,
        versions: &Versions,
        execute: impl Future<Output = Execution>,
        note: &(dyn Fn(CacheOutcome) + Sync),
    ) -> Execution {
        loop {
            match self.flights.join(key, versions.all) {
                Role::Leader(leader) => {
                    // Another flight may have ended since the caller looked.
                    let execution = match self.get(key, versions) {
                        Some(Kept { body, tables, .. }) => {
                            note(CacheOutcome::Hit);
                            Execution::Cacheable(body, tables)
                        }
                        None => {
                            note(CacheOutcome::Miss);
                            execute.await
                        }
                    };
                    leader.finish(match &execution {
                        Execution::Cacheable(body, tables) => {
                            self.insert(key, body, *tables, versions);
                            Outcome::Shared(body.clone(), *tables)
                        }
                        Execution::Uncacheable(_) => Outcome::NotShared,
                    });
                    return execution;
                }
                Role::Follower(follower) => match follower.outcome().await {
                    Some(Outcome::Shared(body, tables)) => {
                        note(CacheOutcome::Shared);
                        return Execution::Cacheable(body, tables);
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

    fn insert(&self, key: &Arc<CacheKey>, body: &Bytes, tables: TableSet, versions: &Versions) {
        let (body, version) = (body.clone(), versions.of(tables));
        let compressed = Arc::default();
        self.put(key, Kept { body, tables, version, compressed, compressed_bytes: 0 });
    }

    /// Keeps a body, in place of one that is not newer.
    fn put(&self, key: &Arc<CacheKey>, kept: Kept) {
        let is_newer = |other: Kept| other.version.version > kept.version.version;
        if weight(key, &kept) <= self.largest && !self.bodies.peek(key).is_some_and(is_newer) {
            self.bodies.insert(Arc::clone(key), kept);
        }
    }

    /// Bytes of keys and bodies.
    pub(super) fn bytes(&self) -> u64 {
        self.bodies.weight()
    }

    /// Evicts what is not right any more.
    fn evict_stale(&self, versions: &Versions) {
        self.bodies.retain(|_, kept| kept.is_current(versions));
    }

    /// Evicts after commits, as long as both ends live. Commits that follow each other closely
    /// are followed once: what is not right any more is never given, it only takes room.
    pub(super) fn follow(self: &Arc<Self>, mut latest: watch::Receiver<Option<Versions>>) {
        let store = Arc::downgrade(self);
        tokio::spawn(async move {
            while latest.changed().await.is_ok() {
                let versions = latest.borrow_and_update().clone();
                let Some(store) = store.upgrade() else { return };
                if let Some(versions) = versions {
                    store.evict_stale(&versions);
                }
                drop(store);
                sleep(BETWEEN_SWEEPS).await;
            }
        });
    }
}

#[derive(Debug, Clone, Copy)]
struct ByBytes;

impl Weighter<Arc<CacheKey>, Kept> for ByBytes {
    fn weight(&self, key: &Arc<CacheKey>, kept: &Kept) -> u64 {
        u64::try_from(weight(key, kept)).unwrap_or(u64::MAX)
    }
}

fn weight(key: &CacheKey, kept: &Kept) -> usize {
    let bodies = kept.body.len().saturating_add(kept.compressed_bytes);
    key.bytes().saturating_add(bodies).saturating_add(ENTRY_BYTES)
}

#[cfg(test)]
mod tests;
