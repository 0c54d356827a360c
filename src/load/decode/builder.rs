//! Builds a batch from records.

use super::batch::{Batch, Place};
use super::dialect::Dialect;
use super::format::fits;
use super::malformed::Malformed;
use super::record::{Position, Record};
use super::row::{RowConverter, Staged};
use crate::dataset::Dataset;
use crate::db::copy::CopyWriter;
use crate::error::Result;
use crate::load::rejects::reason::Fault;

/// Limits of a batch and of a record.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// Most records of a batch.
    pub rows: usize,
    /// Bytes of text after which a batch ends.
    pub bytes: usize,
    /// Most bytes of a record.
    pub record_bytes: usize,
}

/// A batch ends when one key has occurred this often: each repetition costs a merge.
pub(super) const MAX_ROUNDS: i16 = 64;

/// Builds one batch.
pub(super) struct BatchBuilder {
    converter: RowConverter,
    fields: usize,
    /// Lines that are no rows, if they have another number of fields.
    footers: Vec<String>,
    copy: CopyWriter,
    batch: Batch,
    limits: BatchLimits,
}

impl BatchBuilder {
    pub(super) fn new(
        dataset: &'static Dataset,
        dialect: &Dialect,
        start: Position,
        limits: BatchLimits,
    ) -> Result<Self> {
        Ok(Self {
            converter: RowConverter::new(dataset, dialect)?,
            fields: dialect.header.len(),
            footers: dialect
                .format
                .as_ref()
                .map(|format| format.footers.clone())
                .unwrap_or_default(),
            copy: CopyWriter::default(),
            batch: Batch::new(start, dialect.separators()),
            limits,
        })
    }

    pub(super) fn add(&mut self, record: &Record<'_>, place: &mut Place) {
        let fields = match &record.shape {
            Ok(fields) => *fields,
            Err(Malformed::FieldCount(_)) if self.is_footer(record.raw) => return,
            Err(malformed) => {
                return self.reject(record, malformed.fault(self.fields, self.limits.record_bytes));
            }
        };
        match self.converter.convert(record.raw, fields) {
            Ok(key) => {
                let line = record.position.line;
                let round = place.rounds.of(key, &self.batch.rows);
                let staged = Staged { file: place.file, line, round };
                self.converter.write(&mut self.copy, staged, fields);
                self.batch.add_row(record.position, key, record.raw);
                self.batch.doubtful.extend(record.doubtful.map(|inner| (line, inner)));
            }
            Err(fault) => self.reject(record, fault),
        }
    }

    fn is_footer(&self, raw: &[u8]) -> bool {
        !self.footers.is_empty()
            && std::str::from_utf8(raw)
                .is_ok_and(|text| self.footers.iter().any(|footer| fits(footer, text.trim())))
    }

    fn reject(&mut self, record: &Record<'_>, fault: Fault) {
        self.batch.add_reject(record.position, fault, record.raw);
    }

    /// The dialect, if a row has told more of it; the batch takes it along.
    pub(super) fn learned(&mut self, known: &Dialect) -> Option<Dialect> {
        if self.converter.marks().count() == known.marks.len() {
            return None;
        }
        let marks = self.converter.marks().map(|(column, mark)| (column.to_owned(), mark));
        let learned = Dialect { marks: marks.collect(), ..known.clone() };
        self.batch.dialect = Some(learned.clone());
        Some(learned)
    }

    pub(super) fn full(&self, place: &Place) -> bool {
        self.batch.records() >= self.limits.rows
            || self.batch.raw.len() >= self.limits.bytes
            || place.rounds.count() >= MAX_ROUNDS
    }

    pub(super) fn finish(mut self, place: &Place, end: Position, last: bool) -> Batch {
        self.batch.copy = self.copy.finish();
        self.batch.rounds = place.rounds.count();
        self.batch.key_range = place.rounds.key_range();
        self.batch.to_offset = end.offset;
        self.batch.to_line = end.line;
        self.batch.last = last;
        self.batch.shrink();
        self.batch
    }
}
