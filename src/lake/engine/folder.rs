//! A folder of temporary files that is removed even if its process was killed: by the next one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// What its name begins with.
const PREFIX: &str = "salesgraph-lake-";
/// What the name of the file beside it ends with, which is locked as long as the process lives.
const LOCK: &str = "lock";

/// The folder of a process.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// A new one within another, of which those of dead processes are removed.
    pub(super) fn new(within: &Path) -> io::Result<Self> {
        remove_leftovers(within);
        let path = within.join(format!("{PREFIX}{}", Uuid::new_v4().simple()));
        let lock = File::create_new(path.with_extension(LOCK))?;
        lock.lock()?;
        fs::create_dir(&path)?;
        // Had another process taken the file for a leftover before it was locked, it is gone.
        if !path.with_extension(LOCK).exists() {
            fs::remove_dir(&path)?;
            return Self::new(within);
        }
        Ok(Self { path, lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now is left for the next process.
        if remove(&self.path).is_ok() {
            let _ = fs::remove_file(self.path.with_extension(LOCK));
        }
        let _ = self.lock.unlock();
    }
}

fn remove_leftovers(within: &Path) {
    let Ok(entries) = fs::read_dir(within) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_named = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if !is_named || path.extension().is_none_or(|extension| extension != LOCK) {
            continue;
        }
        let is_left = File::open(&path).is_ok_and(|file| {
            // Removed under the lock: nobody else does it at the same time.
            file.try_lock().is_ok()
                && remove(&path.with_extension("")).and_then(|()| fs::remove_file(&path)).is_ok()
        });
        if is_left {
            tracing::info!(lock = %path.display(), "temporary files of a killed worker are removed");
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_removed_by_its_process_or_by_the_next_one() {
        let within = tempfile::tempdir().unwrap();
        let count = || fs::read_dir(within.path()).unwrap().count();
        let killed = Folder::new(within.path()).unwrap();
        fs::write(killed.path().join("spilled"), "rows").unwrap();
        let living = Folder::new(within.path()).unwrap();
        assert!(killed.path().join("spilled").exists(), "its process lives");
        // As when the process ends without its destructors: the lock is given up.
        killed.lock.unlock().unwrap();
        let next = Folder::new(within.path()).unwrap();
        assert!(!killed.path().exists(), "the next process removes it");
        assert!(living.path().exists() && next.path().exists());
        drop((killed, living, next));
        assert_eq!(count(), 0, "and each its own");
    }
}
