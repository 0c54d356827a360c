//! Decodes small files whose rows are staged and merged together.

use std::sync::Arc;

use super::batch::{Batch, Place, Rounds};
use super::builder::MAX_ROUNDS;
use super::{BatchLimits, Checkpoint, Decoded, Dialect, Format, Sink, decode_at};
use crate::dataset::Dataset;

/// A file that is one batch from its beginning to its end.
#[derive(Debug)]
pub(crate) struct WholeFile {
    /// How it is written, with what its rows told.
    pub(crate) dialect: Dialect,
    pub(crate) batch: Batch,
}

/// Decodes the files of a group one by one, as if they were one batch: its limits are those of
/// all files together.
pub(crate) struct GroupDecoder {
    dataset: &'static Dataset,
    /// How a mapping says that they are written.
    format: Option<Arc<Format>>,
    limits: BatchLimits,
    place: Place,
    records: usize,
    bytes: usize,
}

impl GroupDecoder {
    pub(crate) fn new(
        dataset: &'static Dataset,
        format: Option<Arc<Format>>,
        limits: BatchLimits,
    ) -> Self {
        let place = Place { file: 1, rounds: Rounds::of_several() };
        Self { dataset, format, limits, place, records: 0, bytes: 0 }
    }

    /// Decodes the next file of the group; `None` if it does not fit in one batch, or cannot
    /// be read to its end: then it is not of the group.
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> Option<WholeFile> {
        let mut whole = Whole::default();
        let (format, limits) = (self.format.as_deref(), self.limits);
        decode_at(&mut self.place, self.dataset, format, bytes, limits, &mut whole).ok()?;
        let (first, batch) = (whole.first?, whole.batch.filter(|batch| batch.last)?);
        self.place.file += 1;
        self.records += batch.records();
        self.bytes += batch.raw.len();
        let dialect = batch.dialect.clone().unwrap_or(first.dialect);
        Some(WholeFile { dialect, batch })
    }

    /// Whether no other file should be added.
    pub(crate) fn is_full(&self) -> bool {
        self.records >= self.limits.rows
            || self.bytes >= self.limits.bytes
            || self.place.rounds.count() >= MAX_ROUNDS
            || self.place.file > MAX_FILES
    }
}

/// Most files of a group: what is known of each is held until it is committed.
const MAX_FILES: i16 = 500;

/// Takes the first batch.
#[derive(Default)]
struct Whole {
    first: Option<Checkpoint>,
    batch: Option<Batch>,
}

impl Sink for &mut Whole {
    fn put(&mut self, decoded: Decoded) -> bool {
        match decoded {
            Decoded::Begun(first) => self.first = Some(first),
            Decoded::Batch(batch) => self.batch = Some(batch),
        }
        // What comes after a batch that is not the last is not wanted.
        self.batch.as_ref().is_none_or(|batch| batch.last)
    }
}
