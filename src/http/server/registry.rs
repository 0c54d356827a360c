//! The open connections: how many there may be, and which one makes room.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::activity::Activity;
use super::notice::Notice;
use super::tally::Tally;

/// Connections beyond the most, which serve health checks only.
pub(super) const RESERVE: usize = 16;
/// How often a connection that makes room is looked for, while all become busy.
const ATTEMPTS: usize = 4;

/// What the server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Serving,
    /// Requests in progress finish.
    Stopping,
    /// Nothing is waited for any more.
    Stopped,
}

/// The open connections.
#[derive(Debug)]
pub(super) struct Registry {
    most: usize,
    pub(super) tally: Arc<Tally>,
    open: Mutex<Open>,
    stage: AtomicU8,
    emptied: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    regular: HashMap<u64, Arc<Activity>>,
    reserve: HashMap<u64, Arc<Activity>>,
    /// Of those that were closed because there were too many.
    closed: Notice,
}

/// Whether one more connection fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Free,
    /// Another one was closed for it.
    Made,
    Full,
}

/// The place of one open connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    registry: Arc<Registry>,
    id: u64,
    pub(super) activity: Arc<Activity>,
    /// Whether it is beyond the most, and serves health checks only.
    pub(super) is_reserve: bool,
}

impl Registry {
    /// No more than so many, counted here.
    pub(super) fn new(most: usize, tally: Arc<Tally>) -> Self {
        let stage = AtomicU8::new(Stage::Serving as u8);
        Self { most, tally, open: Mutex::default(), stage, emptied: Notify::new() }
    }

    /// A slot for a new connection. If there are too many, the one that has waited for a
    /// request the longest makes room; if all of them are busy, the slot is of the reserve.
    /// `None` if that is full of busy ones, too. The log tells, now and then, how many were
    /// closed so.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Slot> {
        let mut open = self.open();
        let Open { next, regular, reserve, closed } = &mut *open;
        *next += 1;
        let id = *next;
        let activity = Arc::new(Activity::new());
        let regular_room = room_in(regular, self.most);
        let is_reserve = regular_room == Room::Full;
        let room = if is_reserve { room_in(reserve, RESERVE) } else { regular_room };
        let line = if room == Room::Free { None } else { closed.once_more(Instant::now()) };
        if room != Room::Full {
            let connections = if is_reserve { reserve } else { regular };
            connections.insert(id, Arc::clone(&activity));
        }
        drop(open);
        if let Some(count) = line {
            let most = self.most;
            tracing::warn!(
                count,
                most,
                "connections were closed, because as many are open as may be"
            );
        }
        (room != Room::Full).then(|| {
            self.tally.opened();
            Slot { registry: Arc::clone(self), id, activity, is_reserve }
        })
    }

    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            stage if stage == Stage::Serving as u8 => Stage::Serving,
            stage if stage == Stage::Stopping as u8 => Stage::Stopping,
            _ => Stage::Stopped,
        }
    }

    /// Tells every connection.
    pub(super) fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
        let open = self.open();
        for activity in open.regular.values().chain(open.reserve.values()) {
            activity.wake();
        }
    }

    /// Waits until no connection is open.
    pub(super) async fn emptied(&self) {
        loop {
            // Before the look: it is woken from here on.
            let emptied = self.emptied.notified();
            if self.open().is_empty() {
                return;
            }
            emptied.await;
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn is_empty(&self) -> bool {
        self.regular.is_empty() && self.reserve.is_empty()
    }
}

/// Whether one more fits, if need be once another has made room.
fn room_in(connections: &mut HashMap<u64, Arc<Activity>>, most: usize) -> Room {
    if connections.len() < most {
        return Room::Free;
    }
    for _ in 0..ATTEMPTS {
        let ranked = connections.iter().filter_map(|(id, activity)| {
            let observed = activity.observe();
            Some((activity.rank(observed)?, *id, observed))
        });
        let Some((_, id, observed)) = ranked.min_by_key(|(rank, id, _)| (*rank, *id)) else {
            return Room::Full;
        };
        if connections.get(&id).is_some_and(|activity| activity.evict(observed)) {
            connections.remove(&id);
            return Room::Made;
        }
    }
    Room::Full
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.registry.tally.closed();
        let mut open = self.registry.open();
        // Neither has it if it made room.
        open.regular.remove(&self.id);
        open.reserve.remove(&self.id);
        if open.is_empty() {
            self.registry.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::activity::Phase;
    use super::*;

    #[tokio::test]
    async fn the_one_that_waited_longest_makes_room_and_health_has_a_reserve() {
        let tally = Arc::new(Tally::default());
        let registry = Arc::new(Registry::new(2, Arc::clone(&tally)));
        let first = registry.admit().unwrap();
        let second = registry.admit().unwrap();
        let third = registry.admit().unwrap();
        assert_eq!(first.activity.phase(), Phase::Evicted);
        assert!(!third.is_reserve);
        for busy in [&second, &third] {
            assert!(busy.activity.enter(Phase::Receiving));
        }
        let reserve: Vec<_> = (0..RESERVE).map(|_| registry.admit().unwrap()).collect();
        assert!(reserve.iter().all(|slot| slot.is_reserve));
        for slot in &reserve {
            slot.activity.enter(Phase::Answering);
        }
        assert!(registry.admit().is_none());
        drop(second);
        assert!(!registry.admit().unwrap().is_reserve);
        assert_eq!(usize::try_from(tally.active()).unwrap(), RESERVE + 2);
        drop((first, third, reserve));
        registry.emptied().await;
        assert_eq!(tally.active(), 0);
    }
}
