//! The folder of a Postgres: its data, password, log and lock.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::binaries::Binaries;
use super::stale;
use crate::embedded::private;
use crate::error::{Code, Error, Result};

/// The superuser that initdb creates and clients connect as.
pub(super) const USER: &str = "salesgraph";

/// A longer log is rotated.
const LOG_LIMIT: u64 = 16 * 1024 * 1024;

/// Lines of the log in an error.
const LOG_LINES: usize = 15;

/// The folder below the state folder.
#[derive(Debug)]
pub(super) struct Cluster {
    root: PathBuf,
    /// Held as long as this program uses the folder.
    _lock: File,
}

impl Cluster {
    pub(super) fn open(state_dir: &Path) -> Result<Self> {
        let root = state_dir.join("postgres");
        let open = || {
            private::dir(&root)?;
            let lock = private::file(&root.join("lock"))?;
            Ok((root.canonicalize()?, lock))
        };
        let (root, lock) = open().map_err(|error| unusable(&root, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                let message = format!(
                    "the state folder {} is in use by another process: stop it, or choose another \
                     folder",
                    state_dir.display()
                );
                Err(Error::new(Code::Conflict, message))
            }
            Err(TryLockError::Error(error)) => Err(unusable(&root, error)),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn binaries(&self) -> PathBuf {
        self.root.join("binaries")
    }

    fn password_file(&self) -> PathBuf {
        self.root.join("password")
    }

    fn log_file(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    /// The major version that created the data; none without data.
    pub(super) fn made_by(&self) -> Option<u32> {
        fs::read_to_string(self.data().join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    pub(super) fn password(&self) -> Result<String> {
        let file = self.password_file();
        fs::read_to_string(&file).map(|text| text.trim().to_owned()).map_err(|error| {
            let message = format!(
                "the password of the database cannot be read from {}: restore the file, or move {} \
                 away to start with an empty database",
                file.display(),
                self.data().display()
            );
            Error::new(Code::Config, message).with_source(error)
        })
    }

    /// Creates the data folder. It is moved into place as a whole: an interrupted
    /// initdb leaves none.
    pub(super) fn initialise(&self, binaries: &Binaries, account: Option<&Account>) -> Result<()> {
        let staged = self.root.join("data.new");
        let prepare = || {
            match fs::remove_dir_all(&staged) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            DirBuilder::new().mode(0o700).create(&staged)?;
            self.write_password()?;
            if let Some(account) = account {
                account.give(&staged)?;
                account.give(&self.password_file())?;
            }
            self.initdb(binaries, account, &staged).output()
        };
        let output = prepare().map_err(|error| unusable(&self.root, error))?;
        if !output.status.success() {
            let message = format!("initdb could not create a database in {}", self.root.display());
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Error::new(Code::Unavailable, message).with_source(said));
        }
        let settle = || {
            fs::rename(&staged, self.data())?;
            File::open(&self.root)?.sync_all()
        };
        settle().map_err(|error| unusable(&self.root, error))
    }

    fn initdb(&self, binaries: &Binaries, account: Option<&Account>, target: &Path) -> Command {
        let mut initdb = Command::new(binaries.program("initdb"));
        initdb.arg("--pgdata").arg(target).arg("--pwfile").arg(self.password_file());
        initdb.args(["--username", USER, "--auth", "scram-sha-256", "--encoding", "UTF8"]);
        initdb.args(["--locale", "C.UTF-8", "--data-checksums"]);
        // Postgres has this locale built in from 17 on.
        if binaries.major >= 17 {
            initdb.args(["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]);
        }
        initdb.env("LC_ALL", "C.UTF-8").current_dir(&self.root);
        if let Some(account) = account {
            account.apply(&mut initdb);
        }
        initdb
    }

    fn write_password(&self) -> io::Result<()> {
        let random = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
        let password: String = random.iter().map(|part| part.simple().to_string()).collect();
        let file = self.password_file();
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        writeln!(file, "{password}")?;
        file.sync_all()
    }

    /// Removes what a Postgres that was not shut down left behind.
    pub(super) async fn clear_remains(&self) -> Result<()> {
        stale::clear(&self.data()).await
    }

    /// The log to append to, and its length so far.
    pub(super) fn open_log(&self) -> Result<(File, u64)> {
        let path = self.log_file();
        let open = || {
            if fs::metadata(&path).is_ok_and(|log| log.len() > LOG_LIMIT) {
                fs::rename(&path, path.with_extension("log.old"))?;
            }
            let log = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
            let length = log.metadata()?.len();
            Ok((log, length))
        };
        open().map_err(|error| unusable(&path, error))
    }

    /// The last lines of the log after an offset.
    pub(super) fn log_tail(&self, from: u64) -> String {
        // The log only adds to an error that is reported in any case.
        let text = self.read_log(from).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let skipped = lines.len().saturating_sub(LOG_LINES);
        lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
    }

    fn read_log(&self, from: u64) -> io::Result<String> {
        let mut text = String::new();
        let mut log = File::open(self.log_file())?;
        log.seek(SeekFrom::Start(from))?;
        log.take(LOG_LIMIT).read_to_string(&mut text)?;
        Ok(text)
    }
}

fn unusable(path: &Path, error: io::Error) -> Error {
    let message = format!("{} cannot be used for the database", path.display());
    Error::new(Code::Config, message).with_source(error)
}
