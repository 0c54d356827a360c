//! Persisted documents: clients send a document with its hash once, and only the
//! hash from then on.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

/// SHA-256 of a document's text.
pub(super) type Hash = [u8; 32];

/// Approximate overhead of a document.
const OVERHEAD: usize = 256;

/// Documents by their hash, up to a number of bytes; the least recently used are
/// evicted first.
#[derive(Debug)]
pub(super) struct PersistedDocuments {
    max_bytes: usize,
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
struct Store {
    documents: HashMap<Hash, Document>,
    /// By their last use.
    order: BTreeMap<u64, Hash>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Document {
    text: Arc<str>,
    used: u64,
}

impl PersistedDocuments {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, store: Mutex::default() }
    }

    /// Whether it stores nothing.
    pub(super) const fn is_off(&self) -> bool {
        self.max_bytes == 0
    }

    pub(super) fn get(&self, hash: &Hash) -> Option<Arc<str>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).touch(hash)
    }

    /// Stores a document, unless it is larger than the whole store.
    pub(super) fn put(&self, hash: Hash, text: &str) {
        let size = size(text);
        if size > self.max_bytes {
            return;
        }
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if store.touch(&hash).is_some() {
            return;
        }
        while store.bytes + size > self.max_bytes && store.evict() {}
        store.uses += 1;
        let used = store.uses;
        store.order.insert(used, hash);
        store.documents.insert(hash, Document { text: text.into(), used });
        store.bytes += size;
    }
}

impl Store {
    fn touch(&mut self, hash: &Hash) -> Option<Arc<str>> {
        let document = self.documents.get_mut(hash)?;
        self.order.remove(&document.used);
        self.uses += 1;
        document.used = self.uses;
        self.order.insert(self.uses, *hash);
        Some(Arc::clone(&document.text))
    }

    fn evict(&mut self) -> bool {
        let oldest = self.order.pop_first().and_then(|(_, hash)| self.documents.remove(&hash));
        self.bytes -= oldest.as_ref().map_or(0, |document| size(&document.text));
        oldest.is_some()
    }
}

fn size(text: &str) -> usize {
    text.len().saturating_add(OVERHEAD)
}

/// The hash of a document.
pub(super) fn hash_of(text: &str) -> Hash {
    Sha256::digest(text).into()
}

/// The hash in 64 hexadecimal digits in lower case.
pub(super) fn from_hex(text: &str) -> Option<Hash> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_digits_in_lower_case() {
        let hex = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        assert_eq!(from_hex(hex), Some(hash_of("{__typename}")));
        for bad in ["", "e", "ec", &hex.to_uppercase(), &hex[1..], &format!("{hex}00"), "ä"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_least_recently_used_document_is_evicted() {
        let documents: Vec<String> = (0..4).map(|n| format!("{{ a{n} }}")).collect();
        let store = PersistedDocuments::new(3 * size(&documents[0]));
        let has = |document: &String| store.get(&hash_of(document)).is_some();
        for document in &documents[..3] {
            store.put(hash_of(document), document);
        }
        // A second time changes nothing.
        store.put(hash_of(&documents[2]), &documents[2]);
        assert!(has(&documents[0]));
        store.put(hash_of(&documents[3]), &documents[3]);
        assert_eq!(documents.iter().map(has).collect::<Vec<_>>(), [true, false, true, true]);
    }

    #[test]
    fn the_store_stays_within_its_bytes() {
        let store = PersistedDocuments::new(10_000);
        for n in 0..1_000 {
            let document = format!("{{ a{n} }}").repeat(n % 20 + 1);
            store.put(hash_of(&document), &document);
        }
        let large = "a".repeat(10_000);
        store.put(hash_of(&large), &large);
        let stored = store.store.lock().unwrap();
        let bytes: usize = stored.documents.values().map(|document| size(&document.text)).sum();
        assert_eq!((stored.bytes, stored.order.len()), (bytes, stored.documents.len()));
        assert!(bytes <= 10_000 && bytes > 8_000, "{bytes}");
        let off = PersistedDocuments::new(0);
        off.put(hash_of(""), "");
        assert!(off.is_off() && off.get(&hash_of("")).is_none());
    }
}
