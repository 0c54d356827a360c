//! The folder of a demo's databases and objects.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::config::{IssuerConfig, Secret};
use crate::error::{Code, Error, Result};
use crate::storage::{S3Settings, SourceUri};

/// An open state folder, locked against a second demo.
pub(super) struct State {
    dir: PathBuf,
    _lock: File,
}

impl State {
    /// Opens the folder; without one, the default of the user.
    pub(super) fn open(dir: Option<&Path>) -> Result<Self> {
        let dir = match dir {
            Some(dir) => dir.to_owned(),
            None => default_dir()?,
        };
        let failed = |what: &str, error: std::io::Error| {
            let message = format!("{} {what}; choose another folder with --state", dir.display());
            Error::new(Code::Config, message).with_source(error)
        };
        fs::create_dir_all(&dir).map_err(|error| failed("cannot be created", error))?;
        let dir = fs::canonicalize(&dir).map_err(|error| failed("cannot be opened", error))?;
        let lock =
            File::create(dir.join("lock")).map_err(|error| failed("cannot be written", error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                Code::Conflict,
                format!(
                    "another demo uses {}; stop it, or choose another folder with --state",
                    dir.display()
                ),
            )),
            Err(TryLockError::Error(error)) => Err(failed("cannot be locked", error)),
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file with the settings of the running demo.
    pub(super) fn environment_file(&self) -> PathBuf {
        self.dir.join("demo.env")
    }

    /// Writes the settings by which other subcommands reach the demo's servers; for
    /// this user only, because they contain passwords.
    pub(super) fn write_environment(
        &self,
        database_url: &str,
        s3: &S3Settings,
        source: &SourceUri,
        tokens: &IssuerConfig,
    ) -> Result<()> {
        let secret = s3.secret_access_key.as_ref().map(Secret::expose);
        let text = format!(
            "DATABASE_URL={database_url}\nAWS_ENDPOINT_URL={}\nAWS_REGION={}\n\
             AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\nSOURCE_URI={source}\n\
             JWT_ALGORITHM=HS256\nJWT_SECRET={}\nJWT_ISSUER={}\nJWT_AUDIENCE={}\n",
            s3.endpoint_url.as_deref().unwrap_or_default(),
            s3.region.as_deref().unwrap_or_default(),
            s3.access_key_id.as_deref().unwrap_or_default(),
            secret.unwrap_or_default(),
            tokens.secret.as_ref().map(Secret::expose).unwrap_or_default(),
            tokens.issuer,
            tokens.audience.join(","),
        );
        let path = self.environment_file();
        let write = || {
            let mut options = OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())
        };
        write().map_err(|error| {
            let message = format!("{} cannot be written", path.display());
            Error::new(Code::Config, message).with_source(error)
        })
    }
}

/// Below /var/lib for root, because the unprivileged account of Postgres cannot
/// enter root's home; otherwise in the user's state folder.
fn default_dir() -> Result<PathBuf> {
    if nix::unistd::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/salesgraph"));
    }
    let of =
        |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    of("XDG_STATE_HOME")
        .or_else(|| of("HOME").map(|home| home.join(".local/state")))
        .map(|base| base.join("salesgraph"))
        .ok_or_else(|| {
            Error::new(Code::Config, "there is no home folder; choose a folder with --state")
        })
}
