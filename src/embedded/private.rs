//! Folders and files for their owner only, whatever was there before. A link in their place is
//! refused: it could lead to what belongs to somebody else.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::libc;
use nix::unistd::geteuid;

const DIR: u32 = 0o700;
const FILE: u32 = 0o600;

/// Creates a folder, or closes one that is there to all but its owner.
///
/// # Errors
/// When there is something else in its place, or it belongs to another user.
pub fn dir(path: &Path) -> io::Result<()> {
    if let Some(above) = path.parent()
        && !above.as_os_str().is_empty()
    {
        // What leads to it is not ours to close.
        fs::create_dir_all(above)?;
    }
    match DirBuilder::new().mode(DIR).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() {
        return Err(unexpected(path, "a folder", &found));
    }
    // Who may pass through may not look around: the account of Postgres, if it is another.
    if found.uid() == geteuid().as_raw() && found.mode() & 0o767 == DIR {
        return Ok(());
    }
    close(path, &found, DIR)
}

/// Opens a file to write, which is empty then; creates it, or closes one that is there to all
/// but its owner.
///
/// # Errors
/// As [`dir`].
pub fn file(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => close(path, &found, FILE)?,
        Ok(found) => return Err(unexpected(path, "a file", &found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(FILE);
    // A link that was put there meanwhile is not followed.
    options.custom_flags(libc::O_NOFOLLOW).open(path)
}

/// Creates a file that must not be there yet.
///
/// # Errors
/// As of the file system.
pub fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE).open(path)
}

/// Closes a folder with all that is in it.
///
/// # Errors
/// As [`dir`].
pub fn tree(path: &Path) -> io::Result<()> {
    dir(path)?;
    for entry in fs::read_dir(path)? {
        let entry = entry?.path();
        let found = fs::symlink_metadata(&entry)?;
        if found.is_dir() {
            tree(&entry)?;
        } else if found.is_file() {
            close(&entry, &found, FILE)?;
        } else {
            return Err(unexpected(&entry, "a file", &found));
        }
    }
    Ok(())
}

fn close(path: &Path, found: &Metadata, mode: u32) -> io::Result<()> {
    if found.uid() != geteuid().as_raw() {
        let message = format!("{} belongs to another user", path.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    if found.mode() & 0o777 == mode {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

fn unexpected(path: &Path, expected: &str, found: &Metadata) -> io::Error {
    let is = if found.is_symlink() { "a link" } else { "something else" };
    let message = format!("{} is {is}, not {expected}", path.display());
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn what_was_open_is_closed() {
        let root = tempfile::tempdir().unwrap();
        let (folder, inner) = (root.path().join("state/s3"), root.path().join("state/s3/blob"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(&inner, "old").unwrap();
        for (path, open) in [(&folder, 0o755), (&inner, 0o644)] {
            fs::set_permissions(path, Permissions::from_mode(open)).unwrap();
        }
        tree(&folder).unwrap();
        assert_eq!((mode(&folder), mode(&inner)), (0o700, 0o600));
        fs::set_permissions(&inner, Permissions::from_mode(0o666)).unwrap();
        drop(file(&inner).unwrap());
        assert_eq!((mode(&inner), fs::read_to_string(&inner).unwrap()), (0o600, String::new()));
        let new = root.path().join("new/folder");
        dir(&new).unwrap();
        assert_eq!(mode(&new), 0o700);
        drop(new_file(&new.join("file")).unwrap());
        assert_eq!(mode(&new.join("file")), 0o600);
    }

    #[test]
    fn a_link_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let (target, link) = (root.path().join("target"), root.path().join("link"));
        fs::create_dir(&target).unwrap();
        fs::set_permissions(&target, Permissions::from_mode(0o755)).unwrap();
        symlink(&target, &link).unwrap();
        for refused in [dir(&link), file(&link).map(drop), tree(&link)] {
            let message = refused.unwrap_err().to_string();
            assert!(message.contains("link is a link, not a f"), "{message}");
        }
        assert_eq!(mode(&target), 0o755);
        tree(root.path()).unwrap_err();
        let dangling = root.path().join("dangling");
        symlink(root.path().join("none"), &dangling).unwrap();
        file(&dangling).unwrap_err();
        assert!(!root.path().join("none").exists());
    }
}
