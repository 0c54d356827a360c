//! The files while they are written: buffered, under a temporary name, with bad
//! rows planted among the good ones.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};

use super::defects::{FileKind, Manifest, Planting};
use super::plan::Plan;

const BUFFER: usize = 256 * 1024;
/// Rows between two reports of progress.
const REPORT_EVERY: u64 = 10_000;
/// Says that a directory was written by this generator, and from what.
const MARKER: &str = "sample.json";
const PARTIAL: &str = ".partial";

/// What all files of a sample share while it is made.
pub(super) struct Run<'a> {
    pub(super) manifest: Manifest,
    pub(super) progress: &'a mut dyn FnMut(u64, u64),
    pub(super) done: u64,
    pub(super) all: u64,
}

impl Run<'_> {
    fn row_done(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(REPORT_EVERY) || self.done == self.all {
            (self.progress)(self.done, self.all);
        }
    }
}

/// One file.
pub(super) struct Output {
    kind: &'static FileKind,
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    flushed: u64,
    good: u64,
    rows: u64,
    planting: Planting,
}

impl Output {
    /// Starts a file that will get so many good rows.
    pub(super) fn open(
        target: &mut Target,
        kind: &'static FileKind,
        good: u64,
        plan: &Plan,
    ) -> Result<Self> {
        let path = target.path(kind.path)?;
        let file = File::create(&path).map_err(|error| cannot_write(&path, error))?;
        let mut buffer = Vec::with_capacity(BUFFER + BUFFER / 4);
        buffer.extend_from_slice("\u{feff}".as_bytes());
        buffer.extend_from_slice(kind.columns.join(";").as_bytes());
        buffer.extend_from_slice(b"\r\n");
        let planting = Planting::new(plan, kind, good);
        Ok(Self { kind, path, file, buffer, flushed: 0, good: 0, rows: 0, planting })
    }

    /// Good and bad rows together, once the file is complete.
    pub(super) const fn expected(&self) -> u64 {
        self.planting.rows()
    }

    /// Where the next row goes, without its line end.
    pub(super) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Ends the good row that was written into the buffer.
    pub(super) fn end_row(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.good += 1;
        self.end(run)
    }

    /// The number of the bad row to plant before the next good one, if one is due.
    pub(super) const fn due(&self) -> Option<u64> {
        self.planting.due(self.good)
    }

    /// Spoils a good row with a key of its own and writes it.
    pub(super) fn plant(&mut self, base: &[u8], run: &mut Run<'_>) -> Result<()> {
        let start = self.buffer.len();
        let kind = self.planting.plant(base, &mut self.buffer);
        let raw = self.buffer.get(start..).unwrap_or_default();
        let offset = self.flushed + u64::try_from(start).unwrap_or_default();
        run.manifest.add(self.kind, kind, self.rows + 2, offset, raw)?;
        self.end(run)
    }

    fn end(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.buffer.extend_from_slice(b"\r\n");
        self.rows += 1;
        run.row_done();
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.file.write_all(&self.buffer).map_err(|error| cannot_write(&self.path, error))?;
        self.flushed += u64::try_from(self.buffer.len()).unwrap_or_default();
        self.buffer.clear();
        Ok(())
    }

    /// Writes what is left; says path, rows and bytes.
    pub(super) fn finish(mut self) -> Result<(String, u64, u64)> {
        self.flush()?;
        Ok((self.kind.path.to_owned(), self.rows, self.flushed))
    }
}

/// The directory: its files have temporary names until all are complete, and are
/// removed again if that never happens.
pub(super) struct Target {
    root: PathBuf,
    partial: Vec<PathBuf>,
}

impl Target {
    /// Takes a directory that is new, empty or of an earlier sample.
    pub(super) fn prepare(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).map_err(|error| cannot_write(root, error))?;
        let marker = root.join(MARKER);
        if !marker.is_file() {
            let mut entries = fs::read_dir(root).map_err(|error| cannot_write(root, error))?;
            if entries.next().is_some() {
                let message = format!(
                    "{} is not empty and holds no sample; choose another directory or empty it",
                    root.display()
                );
                return Err(Error::new(Code::BadUserInput, message));
            }
            let note = b"{\"complete\":false}\n";
            fs::write(&marker, note).map_err(|error| cannot_write(&marker, error))?;
        }
        Ok(Self { root: root.to_owned(), partial: Vec::new() })
    }

    /// The temporary path of a file; its folder exists afterwards.
    fn path(&mut self, relative: &str) -> Result<PathBuf> {
        let path = self.root.join(format!("{relative}{PARTIAL}"));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| cannot_write(folder, error))?;
        }
        self.partial.push(path.clone());
        Ok(path)
    }

    /// Opens a file that is no table.
    pub(super) fn create(&mut self, relative: &str) -> Result<BufWriter<File>> {
        let path = self.path(relative)?;
        let file = File::create(&path).map_err(|error| cannot_write(&path, error))?;
        Ok(BufWriter::new(file))
    }

    /// Removes a file of an earlier sample that this one does not have.
    pub(super) fn remove(&self, relative: &str) -> Result<()> {
        let path = self.root.join(relative);
        if path.exists() {
            fs::remove_file(&path).map_err(|error| cannot_write(&path, error))?;
        }
        Ok(())
    }

    /// Notes what the sample was made from and gives every file its name.
    pub(super) fn publish(mut self, note: &serde_json::Value) -> Result<()> {
        let path = self.path(MARKER)?;
        fs::write(&path, format!("{note}\n")).map_err(|error| cannot_write(&path, error))?;
        for partial in std::mem::take(&mut self.partial) {
            let path = partial.with_extension("");
            fs::rename(&partial, &path).map_err(|error| cannot_write(&path, error))?;
        }
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        for path in &self.partial {
            if let Err(error) = fs::remove_file(path) {
                tracing::debug!(path = %path.display(), %error, "a partial file stays behind");
            }
        }
    }
}

pub(super) fn cannot_write(path: &Path, error: std::io::Error) -> Error {
    let message = format!("cannot write {}: {}", path.display(), error.kind());
    Error::new(Code::BadUserInput, message).with_source(error)
}
