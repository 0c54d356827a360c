//! Answers kept ready, each for the version of the data it was made at.
//!
//! Why an answer kept under version V may be given to whoever asks at V: it was
//! made by statements that began after V was seen, so it lacks nothing that V has.
//! If it was made while the next version was being committed it may show some of
//! that, too; but then V is over, and whoever asks from then on asks at the next
//! version. Those who asked before lose nothing by seeing more.

use std::hash::RandomState;
use std::sync::Arc;

use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use tokio::sync::watch;

use super::flight::{Flights, Landed, Seat};
use super::key::Key;
use super::response_cache::Made;

/// Parts of the cache that are locked apart. An answer must fit into one.
const SHARDS: usize = 4;
/// A single answer takes this part of the cache at most.
const LARGEST_SHARE: usize = 16;
/// Bytes of a usual answer; tells how many there may be.
const USUAL_BYTES: usize = 4096;
/// What an entry takes besides key and answer, about.
const ENTRY_BYTES: usize = 128;

/// The cache. Keys are compared as a whole, and hashed with a secret of this
/// process: no client can make two that meet.
pub(super) struct AnswerCache {
    kept: Cache<Arc<Key>, Bytes, Bytewise, RandomState>,
    flights: Flights,
    largest: usize,
}

impl AnswerCache {
    /// A cache that holds so many bytes of keys and answers; none if that is too
    /// few for any.
    pub(super) fn new(max_bytes: usize) -> Option<Self> {
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .weight_capacity(u64::try_from(max_bytes).unwrap_or(u64::MAX))
            .estimated_items_capacity(max_bytes / USUAL_BYTES)
            .build()
            .ok()?;
        let hasher = RandomState::new();
        let kept = Cache::with_options(options, Bytewise, hasher, DefaultLifecycle::default());
        let largest = max_bytes / LARGEST_SHARE;
        Some(Self { kept, flights: Flights::default(), largest })
    }

    /// The answer that is kept for this key.
    pub(super) fn find(&self, key: &Key) -> Option<Bytes> {
        self.kept.get(key)
    }

    /// The answer for this key, made once for all who ask while it is being made.
    /// One that may not be kept is its asker's alone: the others make their own.
    pub(super) async fn once(&self, key: &Arc<Key>, make: impl Future<Output = Made>) -> Made {
        loop {
            match self.flights.board(key) {
                Seat::First(flight) => {
                    // Another flight may have landed since the caller looked.
                    let made = match self.find(key) {
                        Some(body) => Made::Lasting(body),
                        None => make.await,
                    };
                    if let Made::Lasting(body) = &made {
                        self.keep(key, body);
                    }
                    flight.land(match &made {
                        Made::Lasting(body) => Landed::With(body.clone()),
                        Made::Passing(_) => Landed::Empty,
                    });
                    return made;
                }
                Seat::Other(passenger) => match passenger.landed().await {
                    Some(Landed::With(body)) => return Made::Lasting(body),
                    Some(Landed::Empty) => return make.await,
                    // Whose flight it was has gone.
                    None => {}
                },
            }
        }
    }

    fn keep(&self, key: &Arc<Key>, body: &Bytes) {
        if weight(key, body) <= self.largest {
            self.kept.insert(Arc::clone(key), body.clone());
        }
    }

    /// Bytes of keys and answers.
    pub(super) fn bytes(&self) -> u64 {
        self.kept.weight()
    }

    /// Drops what nobody can ask for any more.
    fn keep_from(&self, version: i64) {
        self.kept.retain(|key, _| key.version.version >= version);
    }

    /// Drops the answers of versions that are over, for as long as both live.
    pub(super) fn follow(self: &Arc<Self>, mut changes: watch::Receiver<i64>) {
        let cache = Arc::downgrade(self);
        tokio::spawn(async move {
            while changes.changed().await.is_ok() {
                let version = *changes.borrow_and_update();
                let Some(cache) = cache.upgrade() else { return };
                cache.keep_from(version);
            }
        });
    }
}

#[derive(Debug, Clone, Copy)]
struct Bytewise;

impl Weighter<Arc<Key>, Bytes> for Bytewise {
    fn weight(&self, key: &Arc<Key>, body: &Bytes) -> u64 {
        u64::try_from(weight(key, body)).unwrap_or(u64::MAX)
    }
}

fn weight(key: &Key, body: &Bytes) -> usize {
    key.bytes().saturating_add(body.len()).saturating_add(ENTRY_BYTES)
}

#[cfg(test)]
mod tests;
