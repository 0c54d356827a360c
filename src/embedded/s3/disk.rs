//! The folders of a store, and writes that survive a crash.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use s3s::crypto::{Checksum as _, Sha256};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::digest::hex;
use crate::embedded::private;

/// The folders and files:
///
/// ```text
/// blobs/<id>                              bytes, never changed once written
/// buckets/<bucket>/objects/<hash of key>.json
/// buckets/<bucket>/uploads/<id>/upload.json
/// buckets/<bucket>/uploads/<id>/<part>.json
/// tmp/                                    unfinished writes
/// ```
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn create(root: &Path) -> io::Result<Self> {
        let layout = Self { root: root.to_owned() };
        // Unfinished writes of a crash.
        match fs::remove_dir_all(layout.tmp()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        for dir in [layout.blobs(), layout.buckets(), layout.tmp()] {
            private::dir(&dir)?;
        }
        private::tree(root)?;
        sync_dir(&layout.root)?;
        Ok(layout)
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    pub(super) fn buckets(&self) -> PathBuf {
        self.root.join("buckets")
    }

    pub(super) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    fn bucket(&self, bucket: &str) -> PathBuf {
        self.buckets().join(bucket)
    }

    pub(super) fn objects(&self, bucket: &str) -> PathBuf {
        self.bucket(bucket).join("objects")
    }

    pub(super) fn uploads(&self, bucket: &str) -> PathBuf {
        self.bucket(bucket).join("uploads")
    }

    pub(super) fn upload(&self, bucket: &str, id: &str) -> PathBuf {
        self.uploads(bucket).join(id)
    }

    /// The file of an object's record, named by the hash of its key: a key may be
    /// longer than a file name and contain any character.
    pub(super) fn object(&self, bucket: &str, key: &str) -> PathBuf {
        let name = hex(Sha256::checksum(key.as_bytes()).as_ref());
        self.objects(bucket).join(format!("{name}.json"))
    }

    /// Creates the folders of a bucket elsewhere and moves them into place as a
    /// whole: a bucket on disk is always complete.
    pub(super) fn create_bucket(&self, name: &str) -> io::Result<()> {
        let staged = self.tmp().join(name);
        private::dir(&staged)?;
        private::dir(&staged.join("objects"))?;
        private::dir(&staged.join("uploads"))?;
        fs::rename(&staged, self.bucket(name))?;
        sync_dir(&self.buckets())
    }

    /// Writes a record atomically: the path holds the old one or the new one.
    pub(super) fn write<T: Serialize>(&self, path: &Path, record: &T) -> io::Result<()> {
        let staged = self.tmp().join(Uuid::new_v4().simple().to_string());
        let mut file = private::new_file(&staged)?;
        file.write_all(&serde_json::to_vec(record)?)?;
        file.sync_all()?;
        fs::rename(&staged, path)?;
        sync_parent(path)
    }

    /// Removes a folder atomically: it is moved away first, then deleted.
    pub(super) fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let doomed = self.tmp().join(Uuid::new_v4().simple().to_string());
        fs::rename(path, &doomed)?;
        sync_parent(path)?;
        fs::remove_dir_all(doomed)
    }
}

pub(super) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let record = serde_json::from_slice(&fs::read(path)?);
    record.map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display()))
    })
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_parent(path)
}

pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_dir)
}

/// The entries of a folder, in no particular order.
pub(super) fn entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect()
}

pub(super) fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
