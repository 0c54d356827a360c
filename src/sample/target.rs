//! The directory of a sample: its files have temporary names until all are complete,
//! and are removed if that never happens.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};

/// Marks a directory as a sample, with the options it was generated from.
const MARKER: &str = "sample.json";
const PARTIAL: &str = ".partial";

/// The directory of a sample.
pub(super) struct Target {
    root: PathBuf,
    partial: Vec<PathBuf>,
}

impl Target {
    /// Accepts a directory that is new, empty or an earlier sample.
    pub(super) fn prepare(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).map_err(|error| cannot_write(root, error))?;
        let marker = root.join(MARKER);
        if !marker.is_file() {
            let mut entries = fs::read_dir(root).map_err(|error| cannot_write(root, error))?;
            if entries.next().is_some() {
                let message = format!(
                    "{} is not empty and not a sample; choose another directory or empty it",
                    root.display()
                );
                return Err(Error::new(Code::BadUserInput, message));
            }
            let note = b"{\"complete\":false}\n";
            fs::write(&marker, note).map_err(|error| cannot_write(&marker, error))?;
        }
        Ok(Self { root: root.to_owned(), partial: Vec::new() })
    }

    /// The temporary path of a file, after creating its folder.
    pub(super) fn path(&mut self, relative: &str) -> Result<PathBuf> {
        let path = self.root.join(format!("{relative}{PARTIAL}"));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| cannot_write(folder, error))?;
        }
        self.partial.push(path.clone());
        Ok(path)
    }

    /// Creates a file that is not CSV.
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

    /// Removes the files of an earlier sample in a folder.
    pub(super) fn remove_others(&self, folder: &str) -> Result<()> {
        let folder = self.root.join(folder);
        if !folder.is_dir() {
            return Ok(());
        }
        let entries = fs::read_dir(&folder).map_err(|error| cannot_write(&folder, error))?;
        for entry in entries {
            let path = entry.map_err(|error| cannot_write(&folder, error))?.path();
            if !path.to_string_lossy().ends_with(PARTIAL) {
                fs::remove_file(&path).map_err(|error| cannot_write(&path, error))?;
            }
        }
        Ok(())
    }

    /// Writes the marker and renames every file to its final name.
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
                tracing::debug!(path = %path.display(), %error, "a partial file remains");
            }
        }
    }
}

pub(super) fn cannot_write(path: &Path, error: std::io::Error) -> Error {
    let message = format!("cannot write {}: {}", path.display(), error.kind());
    Error::new(Code::BadUserInput, message).with_source(error)
}
