//! Writes a CSV file, with invalid rows among the valid ones.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, Result};

use super::defects::{FileSpec, Manifest, Planting};
use super::options::Shape;
use super::plan::Plan;
use super::row::{Row, csv_writer};
use super::shape::Shaped;
use super::target::{Target, cannot_write};

const BUFFER: usize = 256 * 1024;
/// Rows between two reports of progress.
const REPORT_EVERY: u64 = 10_000;

/// What the files of a sample share while it is generated.
pub(super) struct Run<'a> {
    pub(super) manifest: Manifest,
    pub(super) progress: &'a mut dyn FnMut(u64, u64),
    pub(super) done: u64,
    pub(super) all: u64,
}

impl Run<'_> {
    pub(super) fn row_done(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(REPORT_EVERY) || self.done == self.all {
            (self.progress)(self.done, self.all);
        }
    }
}

/// One file.
pub(super) struct Output {
    spec: &'static FileSpec,
    shape: Shape,
    path: PathBuf,
    /// The file beneath the writer, for what is not valid CSV.
    file: Arc<File>,
    csv: csv::Writer<Arc<File>>,
    /// Writes the rows, where the file is no plain one.
    shaped: Option<Shaped>,
    row: Row,
    good: u64,
    rows: u64,
    planting: Planting,
}

impl Output {
    /// Creates a file that will get `good` valid rows.
    pub(super) fn open(
        target: &mut Target,
        spec: &'static FileSpec,
        good: u64,
        plan: &Plan,
        shape: Shape,
    ) -> Result<Self> {
        let path = target.path(&shape.path(spec.path))?;
        let file = File::create(&path).map_err(|error| cannot_write(&path, error))?;
        let file = Arc::new(file);
        let csv = csv_writer(Arc::clone(&file), BUFFER);
        let planting = Planting::new(plan, spec, good);
        let row = Row::default();
        let shaped = Shaped::of(shape, spec, &file);
        let has_header = shaped.as_ref().is_none_or(Shaped::has_header);
        let mut output =
            Self { spec, shape, path, file, csv, shaped, row, good: 0, rows: 0, planting };
        if !has_header {
            return Ok(output);
        }
        output.write_raw("\u{feff}".as_bytes())?;
        let header = output.csv.write_record(spec.columns());
        header.map_err(|error| output.failed(error.into()))?;
        Ok(output)
    }

    /// Valid and invalid rows together, once the file is complete.
    pub(super) const fn expected(&self) -> u64 {
        self.planting.rows()
    }

    /// The next valid row, to be filled.
    pub(super) fn next_row(&mut self) -> &mut Row {
        self.row.clear();
        &mut self.row
    }

    /// Writes the row that was filled.
    pub(super) fn end_row(&mut self, run: &mut Run<'_>) -> Result<()> {
        let written = match &mut self.shaped {
            Some(shaped) => shaped.write(&self.row, &mut self.csv),
            None => self.csv.write_record(self.row.fields()).map_err(Into::into),
        };
        written.map_err(|error| self.failed(error))?;
        self.good += 1;
        self.rows += 1;
        run.row_done();
        Ok(())
    }

    /// The number of the invalid row to write before the next valid one, if one is due.
    pub(super) const fn due(&self) -> Option<u64> {
        self.planting.due(self.good)
    }

    /// Spoils a valid row, which has an unused key, and writes it.
    pub(super) fn plant(&mut self, base: &Row, run: &mut Run<'_>) -> Result<()> {
        let base = base.encoded().map_err(|error| self.failed(error.into()))?;
        let (defect, mut raw) = self.planting.plant(&base);
        let offset = self.flush()?;
        run.manifest.add(self.spec, defect, self.rows + 2, offset, &raw)?;
        raw.extend_from_slice(b"\r\n");
        self.write_raw(&raw)?;
        self.rows += 1;
        run.row_done();
        Ok(())
    }

    /// Completes the file; returns path, rows and bytes.
    pub(super) fn finish(mut self) -> Result<(String, u64, u64)> {
        let bytes = self.flush()?;
        Ok((self.shape.path(self.spec.path), self.rows, bytes))
    }

    /// Flushes the writer; returns the bytes of the file so far.
    fn flush(&mut self) -> Result<u64> {
        let flushed = self.shaped.as_mut().map_or(Ok(()), Shaped::flush);
        let flushed = flushed.and_then(|()| self.csv.flush());
        let position = flushed.and_then(|()| (&*self.file).stream_position());
        position.map_err(|error| self.failed(error))
    }

    fn write_raw(&self, bytes: &[u8]) -> Result<()> {
        (&*self.file).write_all(bytes).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: std::io::Error) -> Error {
        cannot_write(&self.path, error)
    }
}
