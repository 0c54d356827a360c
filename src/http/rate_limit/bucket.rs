//! Quotas by key: each key has a bucket that a minute refills.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};

/// Most keys; all others share one bucket.
const KEYS: usize = 100_000;
/// Seconds between two removals of the keys whose buckets are full again.
const SWEEP: u64 = 10;

/// The quota of each key.
#[derive(Debug)]
pub(super) struct Buckets<K: Key> {
    limiter: RateLimiter<Option<K>, Store<K>, MonotonicClock, StateInformationMiddleware>,
    quota: NonZeroU32,
    begun: Instant,
    /// Seconds from the beginning to the last sweep.
    swept: AtomicU64,
}

/// What tells two clients apart.
pub(super) trait Key: Copy + Eq + Hash {}

impl<K: Copy + Eq + Hash> Key for K {}

/// What a key has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) quota: u32,
    pub(super) left: u32,
    /// Until everything is left again.
    pub(super) reset: Duration,
}

/// The bucket has not enough left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exceeded {
    /// It will have, after this time.
    Until(Standing, Duration),
    /// More was asked for than a full bucket has.
    Never,
}

impl<K: Key> Buckets<K> {
    /// A quota for a minute, which may be used up at once; `None` for 0.
    pub(super) fn per_minute(quota: u32) -> Option<Self> {
        Self::bounded(quota, KEYS)
    }

    fn bounded(quota: u32, most: usize) -> Option<Self> {
        let quota = NonZeroU32::new(quota)?;
        let store = Store { keys: Mutex::default(), most };
        let limiter = RateLimiter::new(Quota::per_minute(quota), store, MonotonicClock);
        let swept = AtomicU64::new(0);
        Some(Self { limiter, quota, begun: Instant::now(), swept })
    }

    pub(super) fn quota(&self) -> u32 {
        self.quota.get()
    }

    /// Takes `count` from the bucket of a key, or nothing.
    pub(super) fn take(&self, key: K, count: NonZeroU32) -> Result<Standing, Exceeded> {
        self.sweep_if_due();
        match self.limiter.check_key_n(&Some(key), count) {
            Ok(Ok(state)) => Ok(self.standing(state.remaining_burst_capacity())),
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(MonotonicClock.now());
                let missing = wait.as_nanos().div_ceil(self.each().as_nanos().max(1));
                let missing = u32::try_from(missing).unwrap_or(u32::MAX);
                Err(Exceeded::Until(self.standing(count.get().saturating_sub(missing)), wait))
            }
            Err(_) => Err(Exceeded::Never),
        }
    }

    fn standing(&self, left: u32) -> Standing {
        let quota = self.quota.get();
        Standing { quota, left, reset: self.each().saturating_mul(quota.saturating_sub(left)) }
    }

    /// The time that refills one.
    fn each(&self) -> Duration {
        Quota::per_minute(self.quota).replenish_interval()
    }

    fn sweep_if_due(&self) {
        let (now, swept) = (self.begun.elapsed().as_secs(), self.swept.load(Ordering::Relaxed));
        let is_due = now.saturating_sub(swept) >= SWEEP;
        let (first, other) = (Ordering::Relaxed, Ordering::Relaxed);
        if is_due && self.swept.compare_exchange(swept, now, first, other).is_ok() {
            self.limiter.retain_recent();
        }
    }
}

/// The state of each key; `None` is all keys for which there was no room.
#[derive(Debug)]
struct Store<K> {
    keys: Mutex<HashMap<Option<K>, Nanos>>,
    most: usize,
}

impl<K> Store<K> {
    fn keys(&self) -> MutexGuard<'_, HashMap<Option<K>, Nanos>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key> StateStore for Store<K> {
    type Key = Option<K>;

    fn measure_and_replace<T, F, E>(&self, key: &Option<K>, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut keys = self.keys();
        let has_room = keys.len() < self.most;
        let key = if has_room || keys.contains_key(key) { *key } else { None };
        let (outcome, state) = measure(keys.get(&key).copied())?;
        keys.insert(key, state);
        Ok(outcome)
    }
}

impl<K: Key> ShrinkableKeyedStateStore<Option<K>> for Store<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.keys().retain(|_, state| *state > drop_below);
    }

    fn len(&self) -> usize {
        self.keys().len()
    }

    fn is_empty(&self) -> bool {
        self.keys().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn count(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    #[test]
    fn a_quota_is_used_up_and_refills() {
        let buckets = Buckets::per_minute(2).unwrap();
        let standing = buckets.take(1_u64, ONE).unwrap();
        let reset = Duration::from_secs(30);
        assert_eq!(standing, Standing { quota: 2, left: 1, reset });
        assert_eq!(buckets.take(1, ONE).unwrap().left, 0);
        let Err(Exceeded::Until(standing, wait)) = buckets.take(1, count(2)) else {
            panic!("nothing is left")
        };
        assert_eq!(standing.left, 0);
        assert!(wait > Duration::from_secs(30) && wait <= Duration::from_secs(60), "{wait:?}");
        assert_eq!(buckets.take(2, ONE).unwrap().left, 1, "another key has its own");
        assert_eq!(buckets.take(3, count(3)), Err(Exceeded::Never));
        assert!(Buckets::<u64>::per_minute(0).is_none());
    }

    #[test]
    fn what_is_left_is_told_when_it_is_too_little() {
        let buckets = Buckets::per_minute(4).unwrap();
        buckets.take(1_u64, count(2)).unwrap();
        let Err(Exceeded::Until(standing, _)) = buckets.take(1, count(4)) else {
            panic!("only 2 are left")
        };
        assert_eq!(standing.left, 2);
    }

    #[test]
    fn keys_beyond_the_most_share_one_bucket() {
        let buckets = Buckets::bounded(10, 2).unwrap();
        assert_eq!(buckets.take(1_u64, ONE).unwrap().left, 9);
        assert_eq!(buckets.take(2, ONE).unwrap().left, 9);
        assert_eq!(buckets.take(3, ONE).unwrap().left, 9);
        assert_eq!(buckets.take(4, ONE).unwrap().left, 8, "it shares with the one before");
        assert_eq!(buckets.take(1, ONE).unwrap().left, 8, "known keys keep their own");
    }

    #[test]
    fn keys_whose_buckets_are_full_are_removed() {
        let buckets = Buckets::per_minute(u32::MAX).unwrap();
        for key in 0..100_u64 {
            buckets.take(key, ONE).unwrap();
        }
        // A bucket of this quota refills within nanoseconds.
        while !buckets.limiter.is_empty() {
            buckets.limiter.retain_recent();
        }
    }
}
