//! A batch: rows in COPY format, rejects, and its range of the file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::dialect::Dialect;
use super::record::Position;
use super::separators::Separators;
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
    /// Raw text of rows and rejects, with `separators` replaced.
    pub(crate) raw: Vec<u8>,
    separators: Option<Arc<Separators>>,
    /// Raw text that several batches have in place of their own.
    pub(super) shared: Option<Arc<Vec<u8>>>,
    /// Whether a line has several records: see [`Batch::place`].
    pub(super) has_parts: bool,
    /// The invalid records.
    pub(crate) rejects: Vec<Reject>,
    /// Valid records with a line within that may be a record of its own: where each begins,
    /// and that line.
    pub(crate) doubtful: Vec<(u64, u64)>,
    /// The dialect, if more is known of it than before the batch.
    pub(crate) dialect: Option<Dialect>,
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
    /// What is at fault, where it has no column's name.
    pointer: Option<String>,
    raw_start: usize,
    raw_end: usize,
}

/// The bits of a record's part in the number of its line.
pub(crate) const PART_BITS: u32 = 23;

/// A record of a document as one number: its line, and which part of the document it is.
pub(super) fn numbered(line: u64, part: u32) -> u64 {
    (line << PART_BITS) | u64::from(part)
}

impl Reject {
    /// The column at fault; `None` if the whole record is.
    pub(crate) fn column(&self) -> Option<&str> {
        self.pointer.as_deref().or(self.fault.column)
    }
}

impl Batch {
    pub(super) fn new(start: Position, separators: Option<Arc<Separators>>) -> Self {
        Self {
            separators,
            shared: None,
            has_parts: false,
            copy: Vec::new(),
            rows: Vec::new(),
            raw: Vec::new(),
            rejects: Vec::new(),
            doubtful: Vec::new(),
            dialect: None,
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
    pub(crate) fn raw_of_row(&self, row: &StagedRow) -> Cow<'_, [u8]> {
        self.raw_of(row.raw_start..row.raw_end)
    }

    /// Raw text of a reject.
    pub(crate) fn raw_of_reject(&self, reject: &Reject) -> Cow<'_, [u8]> {
        self.raw_of(reject.raw_start..reject.raw_end)
    }

    fn raw_of(&self, range: std::ops::Range<usize>) -> Cow<'_, [u8]> {
        let all = self.shared.as_deref().unwrap_or(&self.raw);
        let raw = all.get(range).unwrap_or_default();
        self.separators.as_ref().map_or(Cow::Borrowed(raw), |separators| separators.restore(raw))
    }

    /// The staged row whose record begins on this line.
    pub(crate) fn row_at_line(&self, line: u64) -> Option<&StagedRow> {
        let at = self.rows.binary_search_by_key(&line, |row| row.line).ok()?;
        self.rows.get(at)
    }

    /// The line of a row or reject, and its part of what is on that line: 0 unless several
    /// records are.
    pub(crate) fn place(&self, line: u64) -> (u64, u32) {
        match self.has_parts {
            true => (line >> PART_BITS, u32::try_from(line % (1 << PART_BITS)).unwrap_or_default()),
            false => (line, 0),
        }
    }

    /// Adds a row whose raw text is in the shared one.
    pub(super) fn add_part(&mut self, at: Position, key: RowKey, raw: Range<usize>) {
        let (raw_start, raw_end) = (raw.start, raw.end);
        self.rows.push(StagedRow { line: at.line, offset: at.offset, key, raw_start, raw_end });
    }

    /// Likewise for a reject, which points at what is at fault.
    pub(super) fn reject_part(
        &mut self,
        at: Position,
        fault: Fault,
        pointer: Option<String>,
        raw: Range<usize>,
    ) {
        let (raw_start, raw_end) = (raw.start, raw.end);
        let Position { line, offset } = at;
        self.rejects.push(Reject { line, offset, fault, pointer, raw_start, raw_end });
    }

    pub(super) fn add_row(&mut self, at: Position, key: RowKey, raw: &[u8]) {
        let (raw_start, raw_end) = self.add_raw(raw);
        self.rows.push(StagedRow { line: at.line, offset: at.offset, key, raw_start, raw_end });
    }

    pub(super) fn add_reject(&mut self, at: Position, fault: Fault, raw: &[u8]) {
        let (raw_start, raw_end) = self.add_raw(raw);
        let Position { line, offset } = at;
        self.rejects.push(Reject { line, offset, fault, pointer: None, raw_start, raw_end });
    }

    fn add_raw(&mut self, raw: &[u8]) -> (usize, usize) {
        let start = self.raw.len();
        self.raw.extend_from_slice(raw);
        (start, self.raw.len())
    }
}

/// Where a file's rows are staged: its place among those staged together, from 1, and how
/// often each key was staged before.
pub(super) struct Place {
    pub(super) file: i16,
    pub(super) rounds: Rounds,
}

impl Place {
    /// Of a file by itself.
    pub(super) fn alone() -> Self {
        Self { file: 1, rounds: Rounds::default() }
    }
}

/// Counts the occurrences of each key in a batch, or in all batches that are merged together.
/// While keys increase, as they mostly do, no lookup is needed.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    range: Option<(RowKey, RowKey)>,
    seen: Option<HashMap<RowKey, i16>>,
    most: i16,
}

impl Rounds {
    /// For several batches: `before` is of one of them only, so that each key is looked up.
    pub(super) fn of_several() -> Self {
        Self { seen: Some(HashMap::new()), ..Self::default() }
    }

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
        let mut batch = Batch::new(Position { offset: 0, line: 2 }, None);
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
