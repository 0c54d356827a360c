//! Builds the batch of one dataset from values that are given one by one, of which several
//! records may be on a line.

use std::ops::Range;
use std::sync::Arc;

use super::batch::{Batch, Rounds, numbered};
use super::builder::MAX_ROUNDS;
use super::dialect::Dialect;
use super::encoding::Compression;
use super::record::Position;
use super::row::{RowConverter, Staged};
use crate::dataset::Dataset;
use crate::db::copy::CopyWriter;
use crate::error::Result;
use crate::load::rejects::reason::Fault;

/// A record that is a part of what is on a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartAt {
    /// From 1.
    pub(crate) line: u64,
    /// Ascends on a line; less than 2 to the power of [`super::PART_BITS`].
    pub(crate) part: u32,
    /// In bytes of the decompressed file.
    pub(crate) offset: u64,
}

impl PartAt {
    fn position(self) -> Position {
        Position { offset: self.offset, line: numbered(self.line, self.part) }
    }
}

/// Builds one batch.
pub(crate) struct ValueRows {
    converter: RowConverter,
    copy: CopyWriter,
    rounds: Rounds,
    batch: Batch,
}

impl ValueRows {
    pub(crate) fn new(dataset: &'static Dataset) -> Result<Self> {
        let header = dataset.columns.iter().map(|column| column.source.to_owned()).collect();
        let dialect = Dialect::undelimited(Compression::None, header, Vec::new());
        Ok(Self {
            converter: RowConverter::new(dataset, &dialect)?,
            copy: CopyWriter::default(),
            rounds: Rounds::default(),
            batch: empty(),
        })
    }

    /// Adds a row with one value for each column of the dataset. `raw` is where its text is in
    /// that of the batch.
    ///
    /// # Errors
    /// What is wrong with it; then nothing is added.
    pub(crate) fn add(
        &mut self,
        at: PartAt,
        cells: &[Option<&[u8]>],
        raw: Range<usize>,
    ) -> std::result::Result<(), Fault> {
        let key = self.converter.convert_cells(cells)?;
        let round = self.rounds.of(key, &self.batch.rows);
        let position = at.position();
        let staged = Staged { file: 1, line: position.line, round };
        self.converter.write_cells(&mut self.copy, staged, cells);
        self.batch.add_part(position, key, raw);
        Ok(())
    }

    /// Adds a record that is no row.
    pub(crate) fn reject(
        &mut self,
        at: PartAt,
        fault: Fault,
        pointer: Option<String>,
        raw: Range<usize>,
    ) {
        self.batch.reject_part(at.position(), fault, pointer, raw);
    }

    /// The records so far.
    pub(crate) fn records(&self) -> usize {
        self.batch.records()
    }

    /// Whether one key has occurred so often that the batch should end.
    pub(crate) fn repeats(&self) -> bool {
        self.rounds.count() >= MAX_ROUNDS
    }

    /// The batch of the records so far, whose raw text this is; the next ones are of another.
    pub(crate) fn take(&mut self, raw: &Arc<Vec<u8>>) -> Batch {
        let rounds = std::mem::take(&mut self.rounds);
        let mut batch = std::mem::replace(&mut self.batch, empty());
        batch.copy = std::mem::take(&mut self.copy).finish();
        batch.shared = Some(Arc::clone(raw));
        batch.rounds = rounds.count();
        batch.key_range = rounds.key_range();
        batch.shrink();
        batch
    }
}

fn empty() -> Batch {
    let mut batch = Batch::new(Position { offset: 0, line: 1 }, None);
    batch.has_parts = true;
    batch
}
