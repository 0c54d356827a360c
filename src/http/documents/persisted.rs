//! Documents that clients have sent with their hash, so that they need not send
//! them again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

/// SHA-256 of a document's text.
pub(super) type Hash = [u8; 32];

/// What a document takes besides its text.
const OVERHEAD: usize = 256;

/// Documents by their hash, of so many bytes together; those go first that were
/// not used for the longest time.
#[derive(Debug)]
pub(super) struct Persisted {
    most: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    documents: HashMap<Hash, Document>,
    /// By the time of their last use.
    order: BTreeMap<u64, Hash>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Document {
    text: Arc<str>,
    used: u64,
}

impl Persisted {
    pub(super) fn new(most: usize) -> Self {
        Self { most, kept: Mutex::default() }
    }

    /// Whether it keeps nothing at all.
    pub(super) const fn is_off(&self) -> bool {
        self.most == 0
    }

    pub(super) fn get(&self, hash: &Hash) -> Option<Arc<str>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).used(hash)
    }

    /// Keeps a document, unless it is larger than all of them may be together.
    pub(super) fn put(&self, hash: Hash, text: &str) {
        let size = size(text);
        if size > self.most {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.used(&hash).is_some() {
            return;
        }
        while kept.bytes + size > self.most && kept.drop_oldest() {}
        kept.uses += 1;
        let used = kept.uses;
        kept.order.insert(used, hash);
        kept.documents.insert(hash, Document { text: text.into(), used });
        kept.bytes += size;
    }
}

impl Kept {
    fn used(&mut self, hash: &Hash) -> Option<Arc<str>> {
        let document = self.documents.get_mut(hash)?;
        self.order.remove(&document.used);
        self.uses += 1;
        document.used = self.uses;
        self.order.insert(self.uses, *hash);
        Some(Arc::clone(&document.text))
    }

    fn drop_oldest(&mut self) -> bool {
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

/// The hash of 64 hexadecimal digits in lower case.
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
    fn what_was_not_used_for_longest_goes_first() {
        let documents: Vec<String> = (0..4).map(|n| format!("{{ a{n} }}")).collect();
        let store = Persisted::new(3 * size(&documents[0]));
        let has = |document: &String| store.get(&hash_of(document)).is_some();
        for document in &documents[..3] {
            store.put(hash_of(document), document);
        }
        // Once more is no second time.
        store.put(hash_of(&documents[2]), &documents[2]);
        assert!(has(&documents[0]));
        store.put(hash_of(&documents[3]), &documents[3]);
        assert_eq!(documents.iter().map(has).collect::<Vec<_>>(), [true, false, true, true]);
    }

    #[test]
    fn it_holds_no_more_bytes_than_it_may() {
        let store = Persisted::new(10_000);
        for n in 0..1_000 {
            let document = format!("{{ a{n} }}").repeat(n % 20 + 1);
            store.put(hash_of(&document), &document);
        }
        let large = "a".repeat(10_000);
        store.put(hash_of(&large), &large);
        let kept = store.kept.lock().unwrap();
        let bytes: usize = kept.documents.values().map(|document| size(&document.text)).sum();
        assert_eq!((kept.bytes, kept.order.len()), (bytes, kept.documents.len()));
        assert!(bytes <= 10_000 && bytes > 8_000, "{bytes}");
        let off = Persisted::new(0);
        off.put(hash_of(""), "");
        assert!(off.is_off() && off.get(&hash_of("")).is_none());
    }
}
