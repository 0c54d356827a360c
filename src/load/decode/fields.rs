//! The fields of a record.

use memchr::memchr2;

use super::separators::{FIELD, RECORD, Separators};

/// The fields of a record, unquoted.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Fields<'a> {
    /// `ends` are the ends of the fields in `bytes`.
    pub(super) fn new(bytes: &'a [u8], ends: &'a [usize]) -> Self {
        Self { bytes, ends }
    }

    pub(super) fn get(&self, index: usize) -> &'a [u8] {
        let start = if index == 0 { Some(&0) } else { self.ends.get(index - 1) };
        match (start, self.ends.get(index)) {
            (Some(start), Some(end)) => self.bytes.get(*start..*end).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The bytes of all fields.
    pub(super) fn all(&self) -> &'a [u8] {
        let end = self.ends.last().copied().unwrap_or_default();
        self.bytes.get(..end).unwrap_or_default()
    }
}

/// Puts back the separators that quoted fields have in them. The first `count` of `ends` are
/// the ends of the fields in `bytes`.
pub(super) fn restore(
    separators: &Separators,
    bytes: &mut Vec<u8>,
    ends: &mut [usize],
    count: usize,
) {
    let end = count.checked_sub(1).and_then(|last| ends.get(last).copied()).unwrap_or_default();
    let fields = bytes.get(..end).unwrap_or_default();
    if memchr2(FIELD, RECORD, fields).is_none() {
        return;
    }
    let (mut whole, mut start) = (Vec::with_capacity(bytes.len()), 0);
    for end in ends.iter_mut().take(count) {
        whole.extend_from_slice(&separators.restore(fields.get(start..*end).unwrap_or_default()));
        start = std::mem::replace(end, whole.len());
    }
    // The parser writes into all of it.
    whole.resize(whole.len().max(bytes.len()), 0);
    *bytes = whole;
}
