//! Shares: how much of something each key may hold at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// How many each key holds. One that holds none has no entry.
type Held<K> = Arc<Mutex<HashMap<K, usize>>>;

/// What the keys hold, each of them up to a share. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Shares<K> {
    most: usize,
    held: Held<K>,
}

/// One that a key holds, until it is dropped.
#[derive(Debug)]
pub(super) struct Share<K: Eq + Hash>(Option<(K, Held<K>)>);

impl<K: Copy + Eq + Hash> Shares<K> {
    /// Each key may hold `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: Arc::default() }
    }

    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// One more for a key, unless it holds its share. Without a key there is no limit.
    pub(super) fn take(&self, key: Option<K>) -> Option<Share<K>> {
        let Some(key) = key else { return Some(Share(None)) };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.get(&key).copied().unwrap_or_default();
        if count >= self.most {
            return None;
        }
        held.insert(key, count + 1);
        Some(Share(Some((key, Arc::clone(&self.held)))))
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let Some((key, held)) = &self.0 else { return };
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.get_mut(key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(held.remove(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_share_and_no_entry_without_any() {
        let shares = Shares::new(2);
        let first = shares.take(Some(1)).unwrap();
        let second = shares.take(Some(1)).unwrap();
        assert!(shares.take(Some(1)).is_none());
        let other = shares.take(Some(2)).expect("another key has its own");
        drop(first);
        let third = shares.take(Some(1)).expect("one was given back");
        assert!(shares.take(Some(1)).is_none());
        let free: Vec<_> = (0..5).map(|_| shares.take(None).expect("it has no limit")).collect();
        drop((second, third, other, free));
        assert!(shares.held.lock().unwrap().is_empty());
    }
}
