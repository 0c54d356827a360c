//! Answers under way: who asks for one that is being made waits for it, so that a
//! crowd after a commit makes each answer once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use super::key::Key;

/// What a flight brought.
#[derive(Debug, Clone)]
pub(super) enum Landed {
    /// An answer for all.
    With(Bytes),
    /// An answer that is its asker's alone.
    Empty,
}

type UnderWay = HashMap<Arc<Key>, watch::Receiver<Option<Landed>>>;

/// As many at most as requests.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<UnderWay>);

/// A place in a flight.
pub(super) enum Seat<'a> {
    First(Flight<'a>),
    Other(Passenger),
}

impl Flights {
    /// The first makes the answer.
    pub(super) fn board(&self, key: &Arc<Key>) -> Seat<'_> {
        match self.under_way().entry(Arc::clone(key)) {
            Entry::Occupied(flight) => Seat::Other(Passenger(flight.get().clone())),
            Entry::Vacant(place) => {
                let (told, flight) = watch::channel(None);
                place.insert(flight);
                Seat::First(Flight { flights: self, key: Arc::clone(key), told })
            }
        }
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by who makes the answer; dropped before its time where that is given up.
pub(super) struct Flight<'a> {
    flights: &'a Flights,
    key: Arc<Key>,
    told: watch::Sender<Option<Landed>>,
}

impl Flight<'_> {
    pub(super) fn land(self, with: Landed) {
        self.told.send_replace(Some(with));
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        // Before the sender is dropped: who is told that it is gone finds no flight.
        self.flights.under_way().remove(&self.key);
    }
}

/// Held by who waits.
pub(super) struct Passenger(watch::Receiver<Option<Landed>>);

impl Passenger {
    /// None where the flight was given up.
    pub(super) async fn landed(mut self) -> Option<Landed> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}
