//! Single flight: concurrent requests for the same response wait for the one that
//! executes it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use super::key::CacheKey;
use crate::db::data_version::DataVersion;
use crate::db::data_version::tables::TableSet;

/// What the leader hands to the followers.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Shared(Bytes, TableSet),
    /// The response is for the leader only.
    NotShared,
}

/// A request at a version of all data: what its response will be read from is not known yet.
type FlightKey = (Arc<CacheKey>, DataVersion);

type InFlight = HashMap<FlightKey, watch::Receiver<Option<Outcome>>>;

/// At most as many as requests.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<InFlight>);

pub(super) enum Role<'a> {
    Leader(Leader<'a>),
    Follower(Follower),
}

impl Flights {
    /// The first to join leads.
    pub(super) fn join(&self, key: &Arc<CacheKey>, version: DataVersion) -> Role<'_> {
        let key = (Arc::clone(key), version);
        match self.in_flight().entry(key.clone()) {
            Entry::Occupied(flight) => Role::Follower(Follower(flight.get().clone())),
            Entry::Vacant(vacant) => {
                let (outcome, flight) = watch::channel(None);
                vacant.insert(flight);
                Role::Leader(Leader { flights: self, key, outcome })
            }
        }
    }

    fn in_flight(&self) -> MutexGuard<'_, InFlight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Executes the request; dropped without an outcome when that is cancelled.
pub(super) struct Leader<'a> {
    flights: &'a Flights,
    key: FlightKey,
    outcome: watch::Sender<Option<Outcome>>,
}

impl Leader<'_> {
    pub(super) fn finish(self, outcome: Outcome) {
        self.outcome.send_replace(Some(outcome));
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        // Before the sender is dropped: a follower that notices must not find the
        // flight again.
        self.flights.in_flight().remove(&self.key);
    }
}

/// Waits for the leader.
pub(super) struct Follower(watch::Receiver<Option<Outcome>>);

impl Follower {
    /// None if the leader was cancelled.
    pub(super) async fn outcome(mut self) -> Option<Outcome> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}
