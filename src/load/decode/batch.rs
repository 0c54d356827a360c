//! A batch: rows ready for COPY, rejects, and where in the file it ends.

use std::collections::HashMap;

use super::record::Position;
use crate::load::rejects::reason::Fault;

/// The key of a row: one or two integers, zero where there is no second.
pub(crate) type Key = [i32; 2];

/// What one transaction takes.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The rows, as binary COPY for the dataset's staging table.
    pub(crate) copy: Vec<u8>,
    /// The rows' places, in order.
    pub(crate) rows: Vec<RowPlace>,
    /// Raw text of rows and rejects.
    pub(crate) raw: Vec<u8>,
    /// What could not be taken.
    pub(crate) rejects: Vec<Reject>,
    /// How often the most frequent key occurs: the merge runs once for each round.
    pub(crate) rounds: i16,
    /// Least and greatest key, when keys rise from row to row.
    pub(crate) rising_keys: Option<(Key, Key)>,
    /// Where the batch begins in the file.
    pub(crate) from_offset: u64,
    /// Where the next one begins, in bytes of the decompressed file.
    pub(crate) to_offset: u64,
    /// The line there.
    pub(crate) to_line: u64,
    /// Whether the file ends with it.
    pub(crate) last: bool,
}

/// Where a staged row lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowPlace {
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) key: Key,
    raw_start: usize,
    raw_end: usize,
}

/// A record that could not be taken.
#[derive(Debug)]
pub(crate) struct Reject {
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) fault: Fault,
    raw_start: usize,
    raw_end: usize,
}

impl Batch {
    /// An empty batch that begins there.
    pub(super) fn new(start: Position, copy: Vec<u8>) -> Self {
        Self {
            copy,
            rows: Vec::new(),
            raw: Vec::new(),
            rejects: Vec::new(),
            rounds: 0,
            rising_keys: None,
            from_offset: start.offset,
            to_offset: start.offset,
            to_line: start.line,
            last: false,
        }
    }

    /// Gives back what the growing buffers took in advance: batches wait for their
    /// turn, several at a time.
    pub(super) fn shrink(&mut self) {
        self.copy.shrink_to_fit();
        self.raw.shrink_to_fit();
        self.rows.shrink_to_fit();
    }

    /// Records read.
    pub(crate) fn records(&self) -> usize {
        self.rows.len() + self.rejects.len()
    }

    /// Raw text of a staged row.
    pub(crate) fn raw_of_row(&self, row: &RowPlace) -> &[u8] {
        self.raw.get(row.raw_start..row.raw_end).unwrap_or_default()
    }

    /// Raw text of a reject.
    pub(crate) fn raw_of_reject(&self, reject: &Reject) -> &[u8] {
        self.raw.get(reject.raw_start..reject.raw_end).unwrap_or_default()
    }

    /// The staged row that begins on that line.
    pub(crate) fn row_at_line(&self, line: u64) -> Option<&RowPlace> {
        let at = self.rows.binary_search_by_key(&line, |row| row.line).ok()?;
        self.rows.get(at)
    }

    pub(super) fn keep_row(&mut self, at: Position, key: Key, raw: &[u8]) {
        let (raw_start, raw_end) = self.keep_raw(raw);
        self.rows.push(RowPlace { line: at.line, offset: at.offset, key, raw_start, raw_end });
    }

    pub(super) fn keep_reject(&mut self, at: Position, fault: Fault, raw: &[u8]) {
        let (raw_start, raw_end) = self.keep_raw(raw);
        self.rejects.push(Reject { line: at.line, offset: at.offset, fault, raw_start, raw_end });
    }

    fn keep_raw(&mut self, raw: &[u8]) -> (usize, usize) {
        let start = self.raw.len();
        self.raw.extend_from_slice(raw);
        (start, self.raw.len())
    }
}

/// Counts how often a key came before in the batch. As long as keys rise, which
/// is the rule, nothing is looked up.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    range: Option<(Key, Key)>,
    seen: Option<HashMap<Key, i16>>,
    most: i16,
}

impl Rounds {
    /// The round of this row: 0 for a key's first occurrence.
    pub(super) fn of(&mut self, key: Key, before: &[RowPlace]) -> i16 {
        self.most = self.most.max(1);
        if self.seen.is_none() {
            match self.range {
                None => {
                    self.range = Some((key, key));
                    return 0;
                }
                Some((least, greatest)) if greatest < key => {
                    self.range = Some((least, key));
                    return 0;
                }
                Some(_) => self.seen = Some(before.iter().map(|row| (row.key, 1)).collect()),
            }
        }
        let Some(seen) = self.seen.as_mut() else { return 0 };
        let count = seen.entry(key).or_insert(0);
        let round = *count;
        *count += 1;
        self.most = self.most.max(*count);
        round
    }

    pub(super) fn most(&self) -> i16 {
        self.most
    }

    pub(super) fn rising(&self) -> Option<(Key, Key)> {
        if self.seen.is_none() { self.range } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_count_repeated_keys_and_tell_rising_ones() {
        let mut batch = Batch::new(Position { offset: 0, line: 2 }, Vec::new());
        let mut rounds = Rounds::default();
        let mut took = Vec::new();
        for (n, key) in [[1, 0], [3, 0], [3, 0], [2, 0], [3, 0]].into_iter().enumerate() {
            took.push(rounds.of(key, &batch.rows));
            batch.keep_row(Position { offset: 0, line: 2 + n as u64 }, key, b"");
            if n == 1 {
                assert_eq!(rounds.rising(), Some(([1, 0], [3, 0])));
            }
        }
        assert_eq!(took, [0, 0, 1, 0, 2]);
        assert_eq!((rounds.most(), rounds.rising()), (3, None));
    }
}
