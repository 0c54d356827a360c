//! The folder of a demo's databases and objects.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::super::wiring::RatesParts;
use crate::config::{Config, IssuerConfig, Secret};
use crate::embedded::private;
use crate::error::{Code, Error, Result};
use crate::load::BUILTINS;
use crate::storage::{S3Settings, SourceUri};

/// In the folder, the file that a demo locks.
const LOCK: &str = "lock";

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
            let message =
                format!("{} {what}: {error}; choose another folder with --state", dir.display());
            Error::new(Code::Config, message).with_source(error)
        };
        if is_of_others(&dir).map_err(|error| failed("cannot be read", error))? {
            let message = format!(
                "{} holds something else than a demo: choose a new or empty folder with --state",
                dir.display()
            );
            return Err(Error::new(Code::Config, message));
        }
        private::dir(&dir).map_err(|error| failed("cannot be made this user's own", error))?;
        let dir = fs::canonicalize(&dir).map_err(|error| failed("cannot be opened", error))?;
        let lock = private::file(&dir.join(LOCK));
        let lock = lock.map_err(|error| failed("cannot be written", error))?;
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
        rates: &RatesParts,
        config: &Config,
    ) -> Result<()> {
        let secret = s3.secret_access_key.as_ref().map(Secret::expose);
        let text = format!(
            "DATABASE_URL={database_url}\nAWS_ENDPOINT_URL={}\nAWS_REGION={}\n\
             AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\nSOURCE_URI={source}\n\
             JWT_ALGORITHM=HS256\nJWT_SECRET={}\nJWT_ISSUER={}\nJWT_AUDIENCE={}\n\
             LAKE_URI={}\nRATES_URL={}\nRATES_DIALECT={}\nRATES_BASE={}\nRATES_ALLOW_PRIVATE=true\n",
            s3.endpoint_url.as_deref().unwrap_or_default(),
            s3.region.as_deref().unwrap_or_default(),
            s3.access_key_id.as_deref().unwrap_or_default(),
            secret.unwrap_or_default(),
            tokens.secret.as_ref().map(Secret::expose).unwrap_or_default(),
            tokens.issuer,
            tokens.audience.join(","),
            rates.lake.uri(),
            rates.config.url,
            rates.config.dialect,
            rates.config.base,
        );
        // Without one it is empty, so that none of an earlier demo stays in a shell.
        let mapping = config.load.mapping.as_deref().unwrap_or_default();
        let is_file = !BUILTINS.iter().any(|builtin| builtin.name == mapping);
        // A file is found from any folder.
        let file = Some(mapping).filter(|_| is_file).and_then(|file| fs::canonicalize(file).ok());
        let mapping = file.map_or_else(|| mapping.to_owned(), |file| file.display().to_string());
        let text = text + &format!("LOAD_MAPPING='{}'\n", mapping.replace('\'', r"'\''"));
        let path = self.environment_file();
        let written = private::file(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| {
            let message = format!("{} cannot be written: {error}", path.display());
            Error::new(Code::Config, message).with_source(error)
        })
    }
}

/// Whether a folder has content without the lock that each demo makes there: it must not be
/// closed to whoever else uses it.
fn is_of_others(dir: &Path) -> io::Result<bool> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_some() && !dir.join(LOCK).exists()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
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
