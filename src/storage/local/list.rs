//! Walks a folder in the order of an S3 listing.

use std::cmp::Reverse;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::file;
use crate::error::{Error, Result};
use crate::storage::object::ObjectVersion;

/// S3's page size.
const PAGE: usize = 1000;

/// The files of a folder, a page at a time. Holds the entries of the open folders, not
/// of the whole tree.
#[derive(Debug)]
pub(in crate::storage) struct Pages {
    /// The entries to visit, the next one last.
    left: Vec<Entry>,
}

#[derive(Debug)]
enum Entry {
    /// The source itself: a folder or a file.
    Root(PathBuf),
    Folder(PathBuf),
    File(PathBuf),
}

impl Pages {
    pub(in crate::storage) fn new(root: PathBuf) -> Self {
        Self { left: vec![Entry::Root(root)] }
    }

    pub(in crate::storage) async fn next(&mut self) -> Result<Option<Vec<ObjectVersion>>> {
        let mut left = std::mem::take(&mut self.left);
        let walk = tokio::task::spawn_blocking(move || page(&mut left).map(|page| (page, left)));
        let (page, left) = walk
            .await
            .map_err(|error| Error::internal("listing a folder failed").with_source(error))??;
        self.left = left;
        Ok((!page.is_empty()).then_some(page))
    }
}

fn page(left: &mut Vec<Entry>) -> Result<Vec<ObjectVersion>> {
    let mut page = Vec::new();
    while page.len() < PAGE {
        match left.pop() {
            None => break,
            Some(Entry::Root(path)) => {
                let metadata = fs::metadata(&path).map_err(|error| unlisted(&path, error))?;
                left.push(if metadata.is_dir() { Entry::Folder(path) } else { Entry::File(path) });
            }
            Some(Entry::Folder(path)) => left.extend(read_folder(&path)?),
            Some(Entry::File(path)) => page.extend(version(&path)?),
        }
    }
    Ok(page)
}

/// The entries of a folder in reverse order. A folder sorts by its name with the slash
/// that follows it in every key below.
fn read_folder(path: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unlisted(path, error))? {
        let entry = entry.map_err(|error| unlisted(path, error))?;
        let mut order = entry.file_name().as_bytes().to_vec();
        let found = classify(&entry).map_err(|error| unlisted(&entry.path(), error))?;
        if let Some(Entry::Folder(_)) = found {
            order.push(b'/');
        }
        entries.extend(found.map(|found| (order, found)));
    }
    entries.sort_by(|(a, _), (b, _)| Reverse(a).cmp(&Reverse(b)));
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

/// Symbolic links to files count as files; those to folders are not followed, since
/// they may form cycles. `None` for anything else.
fn classify(entry: &DirEntry) -> io::Result<Option<Entry>> {
    let file_type = entry.file_type()?;
    if file_type.is_dir() {
        return Ok(Some(Entry::Folder(entry.path())));
    }
    let is_file = if file_type.is_symlink() {
        existing(&entry.path())?.is_some_and(|metadata| metadata.is_file())
    } else {
        file_type.is_file()
    };
    Ok(is_file.then(|| Entry::File(entry.path())))
}

/// `None` for a file that was deleted since its folder was read.
fn version(path: &Path) -> Result<Option<ObjectVersion>> {
    let Some(metadata) = existing(path).map_err(|error| unlisted(path, error))? else {
        return Ok(None);
    };
    let Some(key) = path.to_str() else {
        tracing::warn!(path = %path.display(), "skipped a file whose name is not UTF-8");
        return Ok(None);
    };
    Ok(Some(ObjectVersion {
        bucket: String::new(),
        key: key.to_owned(),
        etag: file::etag(&metadata),
        version_id: None,
        size: metadata.len(),
        last_modified: metadata.modified().ok().map(Into::into),
        kept_at: None,
    }))
}

fn existing(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn unlisted(path: &Path, error: io::Error) -> Error {
    file::failed("listed", format_args!("file://{}", path.display()), error)
}
