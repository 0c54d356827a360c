//! Chooses the Postgres to run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::download::{self, BIN_VARIABLE};
use crate::error::{Code, Error, Result};

/// Oldest major version to use.
const OLDEST: u32 = 15;

/// A folder with the programs, and their major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Finds the programs for data of the major version `made_by`, or for new data;
    /// downloads them into `store` if none are installed.
    pub(super) fn find(store: &Path, made_by: Option<u32>, data: &Path) -> Result<Self> {
        if let Some(folder) = env::var_os(BIN_VARIABLE).filter(|folder| !folder.is_empty()) {
            let found = inspect(Path::new(&folder)).ok_or_else(|| {
                let message = format!(
                    "{BIN_VARIABLE} is {}, which holds no postgres and initdb that run",
                    folder.display()
                );
                Error::new(Code::Config, message)
            })?;
            return match made_by {
                Some(major) if major != found.major => Err(other_version(data, major, &found)),
                _ => Ok(found),
            };
        }
        let mut found = installed();
        found.retain(|binaries| binaries.major >= OLDEST);
        let wanted = made_by.unwrap_or(download::MAJOR);
        let fits = |binaries: &&Self| made_by.is_none_or(|major| major == binaries.major);
        match (found.iter().find(fits), found.first()) {
            (Some(fits), _) => Ok(fits.clone()),
            (None, Some(other)) if wanted != download::MAJOR => {
                Err(other_version(data, wanted, other))
            }
            _ => {
                let folder = download::fetch(store)?;
                let fetched = inspect(&folder).ok_or_else(|| unusable(&folder))?;
                match made_by {
                    Some(major) if major != fetched.major => {
                        Err(other_version(data, major, &fetched))
                    }
                    _ => Ok(fetched),
                }
            }
        }
    }
}

/// The installations in order of preference: Debian's folders, newest first, then
/// those on the search path.
fn installed() -> Vec<Binaries> {
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<_> =
        folders.filter_map(|version| inspect(&version.path().join("bin"))).collect();
    debian.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
    let path = env::var_os("PATH").unwrap_or_default();
    debian.extend(env::split_paths(&path).filter_map(|folder| on_path(&folder)));
    debian
}

/// A link on the search path is followed to the folder of all programs.
fn on_path(folder: &Path) -> Option<Binaries> {
    inspect(folder.join("postgres").canonicalize().ok()?.parent()?)
}

fn inspect(folder: &Path) -> Option<Binaries> {
    if !folder.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let major = major(std::str::from_utf8(&output.stdout).ok()?)?;
    Some(Binaries { folder: folder.to_owned(), major })
}

/// The major version in `postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let digits = number.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn other_version(data: &Path, made_by: u32, found: &Binaries) -> Error {
    let message = format!(
        "the database in {} was created by Postgres {made_by}, but the Postgres found in {} is {}: \
         install Postgres {made_by} or set {BIN_VARIABLE} to its bin folder; \
         or move the folder away to start with an empty database",
        data.display(),
        found.folder.display(),
        found.major
    );
    Error::new(Code::Config, message)
}

fn unusable(folder: &Path) -> Error {
    let message = format!(
        "the Postgres downloaded into {} does not run on this machine: install Postgres, or set \
         {BIN_VARIABLE} to its bin folder",
        folder.display()
    );
    Error::new(Code::Unavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_parsed() {
        assert_eq!(major("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18.4"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major("something else"), None);
    }
}
