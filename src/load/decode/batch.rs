//! A batch: rows in COPY format, rejects, and its range of the file.

use std::collections::HashMap;

use super::record::Position;
use crate::load::rejects::reason::Fault;

/// The primary key of a row: one or two integers; without a second, zero.
pub(crate) type RowKey = [i32; 2];

/// The rows of one transaction.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The rows in binary COPY format for the dataset's staging table.
    pub(crate) copy: Vec<u8>,
    /// Position and key of each row, in order.
    pub(crate) rows: Vec<StagedRow>,
    /// Raw text of rows and rejects.
    pub(crate) raw: Vec<u8>,
    /// The invalid records.
    pub(crate) rejects: Vec<Reject>,
    /// How often the most frequent key occurs: each occurrence is merged in its own round.
    pub(crate) rounds: i16,
    /// Least and greatest key, if keys strictly increase from row to row.
    pub(crate) key_range: Option<(RowKey, RowKey)>,
    /// Where the batch begins, in bytes of the decompressed file.
    pub(crate) from_offset: u64,
    /// Where the next one begins.
    pub(crate) to_offset: u64,
    /// The line at `to_offset`.
    pub(crate) to_line: u64,
    /// Whether the file ends with it.
    pub(crate) last: bool,
}

/// The position and key of a staged row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StagedRow {
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) key: RowKey,
    raw_start: usize,
    raw_end: usize,
}

/// An invalid record.
#[derive(Debug)]
pub(crate) struct Reject {
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) fault: Fault,
    raw_start: usize,
    raw_end: usize,
}

impl Batch {
    pub(super) fn new(start: Position) -> Self {
        Self {
            copy: Vec::new(),
            rows: Vec::new(),
            raw: Vec::new(),
            rejects: Vec::new(),
            rounds: 0,
            key_range: None,
            from_offset: start.offset,
            to_offset: start.offset,
            to_line: start.line,
            last: false,
        }
    }

    /// Frees spare capacity: several batches wait at a time.
    pub(super) fn shrink(&mut self) {
        self.copy.shrink_to_fit();
        self.raw.shrink_to_fit();
        self.rows.shrink_to_fit();
    }

    /// The number of records read.
    pub(crate) fn records(&self) -> usize {
        self.rows.len() + self.rejects.len()
    }

    /// Raw text of a staged row.
    pub(crate) fn raw_of_row(&self, row: &StagedRow) -> &[u8] {
        self.raw.get(row.raw_start..row.raw_end).unwrap_or_default()
    }

    /// Raw text of a reject.
    pub(crate) fn raw_of_reject(&self, reject: &Reject) -> &[u8] {
        self.raw.get(reject.raw_start..reject.raw_end).unwrap_or_default()
    }

    /// The staged row whose record begins on this line.
    pub(crate) fn row_at_line(&self, line: u64) -> Option<&StagedRow> {
        let at = self.rows.binary_search_by_key(&line, |row| row.line).ok()?;
        self.rows.get(at)
    }

    pub(super) fn add_row(&mut self, at: Position, key: RowKey, raw: &[u8]) {
        let (raw_start, raw_end) = self.add_raw(raw);
        self.rows.push(StagedRow { line: at.line, offset: at.offset, key, raw_start, raw_end });
    }

    pub(super) fn add_reject(&mut self, at: Position, fault: Fault, raw: &[u8]) {
        let (raw_start, raw_end) = self.add_raw(raw);
        self.rejects.push(Reject { line: at.line, offset: at.offset, fault, raw_start, raw_end });
    }

    fn add_raw(&mut self, raw: &[u8]) -> (usize, usize) {
        let start = self.raw.len();
        self.raw.extend_from_slice(raw);
        (start, self.raw.len())
    }
}

/// Counts the occurrences of each key in a batch. While keys increase, as they mostly
/// do, no lookup is needed.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    range: Option<(RowKey, RowKey)>,
    seen: Option<HashMap<RowKey, i16>>,
    most: i16,
}

impl Rounds {
    /// The round of the next row: 0 for the first occurrence of its key.
    pub(super) fn of(&mut self, key: RowKey, before: &[StagedRow]) -> i16 {
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

    pub(super) fn count(&self) -> i16 {
        self.most
    }

    pub(super) fn key_range(&self) -> Option<(RowKey, RowKey)> {
        if self.seen.is_none() { self.range } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_count_repeated_keys_and_give_the_range_of_increasing_ones() {
        let mut batch = Batch::new(Position { offset: 0, line: 2 });
        let mut rounds = Rounds::default();
        let mut found = Vec::new();
        for (n, key) in [[1, 0], [3, 0], [3, 0], [2, 0], [3, 0]].into_iter().enumerate() {
            found.push(rounds.of(key, &batch.rows));
            batch.add_row(Position { offset: 0, line: 2 + n as u64 }, key, b"");
            if n == 1 {
                assert_eq!(rounds.key_range(), Some(([1, 0], [3, 0])));
            }
        }
        assert_eq!(found, [0, 0, 1, 0, 2]);
        assert_eq!((rounds.count(), rounds.key_range()), (3, None));
    }
}
