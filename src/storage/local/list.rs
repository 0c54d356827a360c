//! Walking a folder in the order in which S3 would list it.

use std::cmp::Reverse;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::storage::object::ObjectVersion;

/// As many as S3 puts on a page.
const PAGE: usize = 1000;

/// The files of a folder, a page at a time. In memory are the names of the
/// folders that are open, not of the whole tree.
#[derive(Debug)]
pub(in crate::storage) struct Pages {
    /// What is left, the next one last.
    left: Vec<Entry>,
}

#[derive(Debug)]
enum Entry {
    /// What the caller named: a folder or a file.
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

/// The entries of a folder, the last one first. A folder is compared with the
/// slash that follows its name in every key below it.
fn read_folder(path: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unlisted(path, error))? {
        let entry = entry.map_err(|error| unlisted(path, error))?;
        let mut order = entry.file_name().as_bytes().to_vec();
        match kind(&entry).map_err(|error| unlisted(&entry.path(), error))? {
            Kind::Folder => {
                order.push(b'/');
                entries.push((order, Entry::Folder(entry.path())));
            }
            Kind::File => entries.push((order, Entry::File(entry.path()))),
            Kind::Other => {}
        }
    }
    entries.sort_by(|(a, _), (b, _)| Reverse(a).cmp(&Reverse(b)));
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

enum Kind {
    Folder,
    File,
    Other,
}

/// Links to files count as files; links to folders are not followed, since they
/// may lead in circles.
fn kind(entry: &DirEntry) -> io::Result<Kind> {
    let file_type = entry.file_type()?;
    if file_type.is_dir() {
        return Ok(Kind::Folder);
    }
    let is_file = if file_type.is_symlink() {
        existing(&entry.path())?.is_some_and(|metadata| metadata.is_file())
    } else {
        file_type.is_file()
    };
    Ok(if is_file { Kind::File } else { Kind::Other })
}

/// `None` for a file that went away since its folder was read.
fn version(path: &Path) -> Result<Option<ObjectVersion>> {
    let Some(metadata) = existing(path).map_err(|error| unlisted(path, error))? else {
        return Ok(None);
    };
    let Some(key) = path.to_str() else {
        tracing::warn!(path = %path.display(), "a file is left out: its name is not UTF-8");
        return Ok(None);
    };
    Ok(Some(ObjectVersion {
        bucket: String::new(),
        key: key.to_owned(),
        etag: super::etag(&metadata),
        version_id: None,
        size: metadata.len(),
        last_modified: metadata.modified().ok().map(Into::into),
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
    super::failed("listed", format_args!("file://{}", path.display()), error)
}
