//! The account that runs Postgres. Postgres refuses to run as root, so a program
//! started by root switches to an unprivileged account.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Gid, Uid, User, chown, geteuid};

use crate::error::{Code, Error, Result};

/// An account other than that of this program.
#[derive(Debug, Clone)]
pub(super) struct Account {
    name: String,
    uid: Uid,
    gid: Gid,
}

impl Account {
    /// The account to switch to; none unless this program runs as root. Existing
    /// data stays with its owner.
    pub(super) fn choose(data: &Path) -> Result<Option<Self>> {
        let owner = fs::metadata(data).ok().map(|data| Uid::from_raw(data.uid()));
        if !geteuid().is_root() {
            return match owner {
                Some(owner) if owner != geteuid() => Err(foreign(data, owner)),
                _ => Ok(None),
            };
        }
        let owner = owner.filter(|owner| !owner.is_root());
        let owner = owner.and_then(|owner| User::from_uid(owner).ok().flatten());
        let named = |name| User::from_name(name).ok().flatten();
        let user = owner.or_else(|| named("postgres")).or_else(|| named("nobody"));
        let user = user.filter(|user| !user.uid.is_root()).ok_or_else(|| {
            Error::new(
                Code::Config,
                "Postgres does not run as root, and neither the account postgres nor nobody \
                 exists: start the program as another user",
            )
        })?;
        Ok(Some(Self { name: user.name, uid: user.uid, gid: user.gid }))
    }

    /// Runs a command as this account, without supplementary groups.
    pub(super) fn apply(&self, command: &mut Command) {
        command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
    }

    /// Makes this account the owner of a file or folder.
    pub(super) fn give(&self, path: &Path) -> io::Result<()> {
        Ok(chown(path, Some(self.uid), Some(self.gid))?)
    }

    /// Lets this account pass through a folder of this program, and do nothing else there.
    pub(super) fn let_through(&self, folder: &Path) -> io::Result<()> {
        let found = fs::metadata(folder)?;
        if found.uid() != geteuid().as_raw() || self.may_pass(&found) {
            return Ok(());
        }
        chown(folder, None, Some(self.gid))?;
        fs::set_permissions(folder, Permissions::from_mode(0o710))
    }

    /// Checks that this account can reach a folder: it needs search permission on
    /// every folder above it.
    pub(super) fn check_reach(&self, folder: &Path) -> Result<()> {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        for above in folder.ancestors() {
            let closed = fs::metadata(above).is_ok_and(|above| !self.may_pass(&above));
            if closed {
                let message = format!(
                    "Postgres runs as {}, which has no permission to pass through {} to {}: \
                     choose a state folder below /var/lib or /var/tmp, or do not run as root",
                    self.name,
                    above.display(),
                    folder.display()
                );
                return Err(Error::new(Code::Config, message));
            }
        }
        Ok(())
    }

    fn may_pass(&self, folder: &Metadata) -> bool {
        let bit = if folder.uid() == self.uid.as_raw() {
            0o100
        } else if folder.gid() == self.gid.as_raw() {
            0o010
        } else {
            0o001
        };
        folder.mode() & bit != 0
    }
}

fn foreign(data: &Path, owner: Uid) -> Error {
    let name = User::from_uid(owner).ok().flatten().map(|user| user.name);
    let name = name.unwrap_or_else(|| format!("user {owner}"));
    let message = format!(
        "the database in {} belongs to {name}: run as that user or as root, or choose another state folder",
        data.display()
    );
    Error::new(Code::Config, message)
}
