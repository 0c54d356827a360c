//! What a connection is doing, and until when it may.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use super::options::ServerOptions;

/// Times are milliseconds since this one.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Bits of a state that hold the phase; the rest is the time it began.
const PHASE_BITS: u32 = 4;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Just opened: its first head, or its TLS handshake, is not complete.
    Opening,
    /// Between two requests: nothing of the next one has arrived.
    Idle,
    /// The same, but a part of the last request was not needed for its response. hyper reads
    /// the rest or closes.
    Unread,
    /// A part of the head of a request has arrived.
    Head,
    /// A request is being handled, and its body may still arrive.
    Receiving,
    /// A request that has arrived completely is being handled.
    Answering,
    /// The same, and the client sends no more: it may be gone.
    HalfClosed,
    /// It is a WebSocket now, which has limits of its own.
    Upgraded,
    /// It has to make room.
    Evicted,
}

impl Phase {
    const ALL: [Self; 9] = [
        Self::Opening,
        Self::Idle,
        Self::Unread,
        Self::Head,
        Self::Receiving,
        Self::Answering,
        Self::HalfClosed,
        Self::Upgraded,
        Self::Evicted,
    ];
}

/// The state of one connection, which its parts and the registry share.
#[derive(Debug)]
pub(super) struct Activity {
    /// A phase and the time it began.
    state: AtomicU64,
    /// When the client stopped taking its response; 0 if it has not.
    stalled: AtomicU64,
    waker: AtomicWaker,
}

/// The state of a connection at one time, to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Observed(u64);

impl Activity {
    pub(super) fn new() -> Self {
        let state = AtomicU64::new(state(Phase::Opening, now()));
        Self { state, stalled: AtomicU64::new(0), waker: AtomicWaker::new() }
    }

    pub(super) fn phase(&self) -> Phase {
        self.observe().phase()
    }

    /// Enters a phase, unless the connection has to make room.
    pub(super) fn enter(&self, phase: Phase) -> bool {
        self.change(|from| (from != Phase::Evicted).then_some(phase))
    }

    /// Bytes have arrived.
    pub(super) fn received(&self) {
        let observed = self.observe();
        let head = match observed.phase() {
            // An opening connection has its time for the whole head.
            Phase::Opening => state(Phase::Head, observed.since()),
            Phase::Idle | Phase::Unread => state(Phase::Head, now()),
            _ => return,
        };
        // If it fails, the connection has to make room.
        let _ = self.replace(observed, head);
    }

    /// The client sends no more. Whether a request is being handled, which it has sent
    /// completely.
    pub(super) fn half_closed(&self) -> bool {
        self.phase() == Phase::HalfClosed
            || self.change(|from| (from == Phase::Answering).then_some(Phase::HalfClosed))
    }

    /// The whole request has arrived.
    pub(super) fn has_arrived(&self) {
        self.change(|from| (from == Phase::Receiving).then_some(Phase::Answering));
    }

    /// The response is complete. The end of the stream, if it was held back, is to be read
    /// now, which nothing else would tell.
    pub(super) fn answered(&self) {
        let was_half_closed = self.phase() == Phase::HalfClosed;
        self.change(|from| match from {
            Phase::Evicted => None,
            Phase::Receiving => Some(Phase::Unread),
            _ => Some(Phase::Idle),
        });
        if was_half_closed {
            self.wake();
        }
    }

    /// Whether the client takes its response.
    pub(super) fn writes(&self, takes: bool) {
        if takes {
            self.stalled.store(0, Ordering::Relaxed);
        } else if self.stalled.load(Ordering::Relaxed) == 0 {
            self.stalled.store(now(), Ordering::Relaxed);
        }
    }

    /// When the connection has to be closed if nothing happens before.
    pub(super) fn deadline(&self, options: &ServerOptions) -> Option<Instant> {
        let observed = self.observe();
        let since = observed.since();
        let phase = match observed.phase() {
            Phase::Opening | Phase::Head => Some(at(since, options.header_timeout)),
            Phase::Idle | Phase::Unread => Some(at(since, options.idle_timeout)),
            Phase::HalfClosed => Some(at(since, options.half_closed_timeout)),
            Phase::Receiving | Phase::Answering | Phase::Upgraded => None,
            Phase::Evicted => Some(*EPOCH),
        };
        let stalled = match self.stalled.load(Ordering::Relaxed) {
            0 => None,
            since => Some(at(since, options.idle_timeout)),
        };
        phase.into_iter().chain(stalled).min()
    }

    /// When the connection may let go of what hyper holds, if nothing happens before: its last
    /// request has arrived and its response is sent, so that hyper waits for the next one.
    pub(super) fn parks_at(&self, options: &ServerOptions) -> Option<Instant> {
        let observed = self.observe();
        let waits = observed.phase() == Phase::Idle && self.stalled.load(Ordering::Relaxed) == 0;
        waits.then(|| at(observed.since(), options.park_after))
    }

    pub(super) fn observe(&self) -> Observed {
        Observed(self.state.load(Ordering::Acquire))
    }

    /// How soon it makes room, least first; `None` if it need not. Nothing is lost of one
    /// that waits for a request, and only one request of one that sends its head. A client
    /// that takes nothing of its response comes last.
    pub(super) fn rank(&self, observed: Observed) -> Option<(u8, u64)> {
        match (observed.phase(), self.stalled.load(Ordering::Relaxed)) {
            (Phase::Upgraded | Phase::Evicted, _) => None,
            (_, stalled) if stalled > 0 => Some((2, stalled)),
            (Phase::Opening | Phase::Idle | Phase::Unread, _) => Some((0, observed.since())),
            (Phase::Head, _) => Some((1, observed.since())),
            _ => None,
        }
    }

    /// Makes it close, unless it does something else by now.
    pub(super) fn evict(&self, observed: Observed) -> bool {
        let evicted = self.replace(observed, state(Phase::Evicted, now()));
        if evicted {
            self.waker.wake();
        }
        evicted
    }

    /// Has the connection's task look at its state and at the server's.
    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    pub(super) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    fn change(&self, to: impl Fn(Phase) -> Option<Phase>) -> bool {
        loop {
            let observed = self.observe();
            let Some(phase) = to(observed.phase()) else { return false };
            if self.replace(observed, state(phase, now())) {
                return true;
            }
        }
    }

    fn replace(&self, Observed(from): Observed, to: u64) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

impl Observed {
    pub(super) fn phase(self) -> Phase {
        let bits = self.0 & ((1 << PHASE_BITS) - 1);
        let known = Phase::ALL.into_iter().find(|phase| u64::from(*phase as u8) == bits);
        known.unwrap_or(Phase::Evicted)
    }

    fn since(self) -> u64 {
        self.0 >> PHASE_BITS
    }
}

fn state(phase: Phase, since: u64) -> u64 {
    since << PHASE_BITS | u64::from(phase as u8)
}

fn at(since: u64, timeout: Duration) -> Instant {
    *EPOCH + Duration::from_millis(since) + timeout
}

/// Never 0.
fn now() -> u64 {
    u64::try_from(EPOCH.elapsed().as_millis()).unwrap_or(u64::MAX >> PHASE_BITS).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> ServerOptions {
        ServerOptions {
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            half_closed_timeout: Duration::from_secs(2),
            park_after: Duration::from_secs(1),
            ..ServerOptions::default()
        }
    }

    /// Whole seconds until the deadline.
    fn seconds(activity: &Activity) -> Option<u128> {
        let left = activity.deadline(&options())?.saturating_duration_since(Instant::now());
        Some((left.as_millis() + 500) / 1_000)
    }

    #[test]
    fn every_phase_has_its_time() {
        let activity = Activity::new();
        let opening = activity.deadline(&options());
        activity.received();
        assert_eq!(activity.phase(), Phase::Head);
        assert_eq!(activity.deadline(&options()), opening, "the first head began long before");
        assert!(activity.enter(Phase::Receiving));
        assert_eq!(seconds(&activity), None, "the request has its own limit");
        assert!(!activity.half_closed(), "a body that ends early is no answerable request");
        activity.has_arrived();
        assert!(activity.half_closed());
        assert_eq!(seconds(&activity), Some(2));
        activity.answered();
        assert_eq!(seconds(&activity), Some(75));
        activity.received();
        assert_eq!(seconds(&activity), Some(10), "a head has its time from its first byte");
    }

    #[test]
    fn a_client_that_takes_nothing_is_cut() {
        let activity = Activity::new();
        activity.enter(Phase::Answering);
        activity.writes(false);
        let stalled = activity.deadline(&options());
        assert_eq!(seconds(&activity), Some(75));
        activity.writes(false);
        assert_eq!(activity.deadline(&options()), stalled, "it counts from the first time");
        activity.writes(true);
        assert_eq!(seconds(&activity), None);
    }

    #[test]
    fn only_what_has_nothing_left_to_do_is_parked() {
        let activity = Activity::new();
        let parks = |activity: &Activity| activity.parks_at(&options()).is_some();
        assert!(!parks(&activity), "nothing has arrived");
        activity.enter(Phase::Receiving);
        activity.answered();
        assert_eq!(activity.phase(), Phase::Unread);
        assert_eq!(seconds(&activity), Some(75));
        assert!(!parks(&activity), "the rest of the request may come");
        activity.received();
        activity.enter(Phase::Answering);
        assert!(!parks(&activity));
        activity.writes(false);
        activity.answered();
        assert!(!parks(&activity), "the response is not sent");
        activity.writes(true);
        assert!(parks(&activity));
        activity.received();
        assert!(!parks(&activity), "a head has begun");
    }

    #[test]
    fn only_what_waits_makes_room() {
        let activity = Activity::new();
        let opening = activity.observe();
        assert_eq!(activity.rank(opening).map(|(rank, _)| rank), Some(0));
        activity.enter(Phase::Answering);
        assert!(!activity.evict(opening), "it does something else by now");
        assert_eq!(activity.rank(activity.observe()), None);
        activity.writes(false);
        assert_eq!(activity.rank(activity.observe()).map(|(rank, _)| rank), Some(2));
        assert!(activity.evict(activity.observe()));
        assert!(!activity.enter(Phase::Idle), "an evicted one stays so");
        activity.answered();
        assert_eq!(activity.phase(), Phase::Evicted);
    }
}
