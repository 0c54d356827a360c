//! Starts and stops Postgres.

use std::fmt;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::time::{Instant, sleep};

use super::account::Account;
use super::binaries::Binaries;
use super::cluster::{Cluster, USER};
use super::process::Process;
use super::stale;
use crate::error::{Code, Error, Result};

/// The database of [`Postgres::url`].
const DATABASE: &str = "salesgraph";

/// Starting includes recovery after a crash.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// A fast shutdown writes a checkpoint.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// After an immediate shutdown or a kill, only a busy disk is waited for: a process that
/// writes ends when its write has.
const END_TIMEOUT: Duration = Duration::from_secs(120);

const PAUSE: Duration = Duration::from_millis(20);

/// Another process may take a free port before Postgres listens on it.
const PORT_ATTEMPTS: usize = 5;

/// The options of a Postgres.
#[derive(Debug, Clone, Default)]
pub struct PostgresOptions {
    /// The folder of the program's state; the data is below it in `postgres`.
    pub state_dir: PathBuf,
    /// The port on 127.0.0.1; none chooses a free one.
    pub port: Option<u16>,
    /// Settings of Postgres by name, such as `max_connections` or, if data may be
    /// lost, `fsync`. Address and port cannot be set.
    pub settings: Vec<(String, String)>,
}

/// How [`Postgres::crash`] ends the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// Immediate shutdown: no checkpoint, the next start recovers.
    Immediate,
    /// The postmaster is killed; its children notice by themselves.
    Kill,
}

/// A running Postgres. Dropping it asks it to shut down and does not wait;
/// [`Postgres::stop`] does. It also shuts down when this program is killed.
pub struct Postgres {
    installation: Installation,
    password: String,
    port: u16,
    process: Process,
}

impl fmt::Debug for Postgres {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("Postgres");
        output.field("port", &self.port).field("pid", &self.pid()).finish_non_exhaustive()
    }
}

/// What every start of the same Postgres uses.
struct Installation {
    cluster: Cluster,
    binaries: Binaries,
    account: Option<Account>,
    settings: Vec<(String, String)>,
}

impl Postgres {
    /// Starts Postgres, initialising its data if there is none, and waits until it
    /// accepts connections.
    ///
    /// # Errors
    /// `CONFIG` when the folder, the account or the version does not fit,
    /// `CONFLICT` when another process uses the folder, `UNAVAILABLE` when there is
    /// no Postgres or it does not start; each says what to do.
    pub async fn start(options: PostgresOptions) -> Result<Self> {
        let PostgresOptions { state_dir, port, settings } = options;
        let prepared =
            tokio::task::spawn_blocking(move || Installation::prepare(&state_dir, settings)).await;
        let installation = prepared
            .map_err(|error| Error::internal("preparing Postgres failed").with_source(error))??;
        let password = installation.cluster.password()?;
        let mut attempt = 1;
        let (port, process) = loop {
            let chosen = port.map_or_else(free_port, Ok)?;
            match installation.start(chosen).await {
                Ok(process) => break (chosen, process),
                Err(_) if port.is_none() && attempt < PORT_ATTEMPTS && is_taken(chosen) => {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        };
        let postgres = Self { installation, password, port, process };
        postgres.ensure_database(DATABASE).await?;
        Ok(postgres)
    }

    /// The URL of the database, with its password.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for(DATABASE)
    }

    /// The URL of another database of this Postgres, with its password. The name is
    /// not encoded: letters, digits, dashes and underscores.
    #[must_use]
    pub fn url_for(&self, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the postmaster.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Creates a database, unless it exists.
    ///
    /// # Errors
    /// `UNAVAILABLE` when Postgres cannot be reached or refuses.
    pub async fn ensure_database(&self, name: &str) -> Result<()> {
        let create = async {
            let mut connection = self.connect().await?;
            let found: Option<i32> =
                sqlx::query_scalar("select 1 from pg_database where datname = $1")
                    .bind(name)
                    .fetch_optional(&mut connection)
                    .await?;
            if found.is_none() {
                let name = name.replace('"', "\"\"");
                let create = AssertSqlSafe(format!("create database \"{name}\""));
                sqlx::query(create).execute(&mut connection).await?;
            }
            connection.close().await
        };
        create.await.map_err(|error: sqlx::Error| {
            let message = format!("the database {name} could not be created");
            Error::new(Code::Unavailable, message).with_source(error)
        })
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(USER)
            .password(&self.password)
            .database("postgres");
        options.connect().await
    }

    /// Crashes the server and waits until its process has ended.
    /// [`Postgres::start_again`] restarts it.
    ///
    /// # Errors
    /// `TIMEOUT` when the process does not end.
    pub async fn crash(&mut self, how: Crash) -> Result<()> {
        self.process.signal(match how {
            Crash::Immediate => Signal::SIGQUIT,
            Crash::Kill => Signal::SIGKILL,
        });
        self.ended_in_time().await
    }

    /// Starts the server again on the same port with the same data.
    ///
    /// # Errors
    /// Those of [`Postgres::start`].
    pub async fn start_again(&mut self) -> Result<()> {
        self.process.signal(Signal::SIGINT);
        self.ended_in_time().await?;
        self.process = self.installation.start(self.port).await?;
        Ok(())
    }

    /// Shuts down: connections are closed, everything is written.
    ///
    /// # Errors
    /// `TIMEOUT` when it does not end even after an immediate shutdown.
    pub async fn stop(mut self) -> Result<()> {
        self.process.signal(Signal::SIGINT);
        if self.process.wait(STOP_TIMEOUT).await {
            return Ok(());
        }
        tracing::warn!("Postgres does not shut down in time; sending an immediate shutdown");
        self.process.signal(Signal::SIGQUIT);
        self.ended_in_time().await
    }

    async fn ended_in_time(&mut self) -> Result<()> {
        if self.process.wait(END_TIMEOUT).await {
            return Ok(());
        }
        let message = format!("Postgres (process {}) does not end", self.pid());
        Err(Error::new(Code::Timeout, message))
    }
}

impl Installation {
    fn prepare(state_dir: &Path, settings: Vec<(String, String)>) -> Result<Self> {
        let cluster = Cluster::open(state_dir)?;
        let data = cluster.data();
        let account = Account::choose(&data)?;
        if let Some(account) = &account {
            for folder in [state_dir, cluster.root()] {
                account.let_through(folder).map_err(|error| {
                    let message = format!("{} cannot be used", folder.display());
                    Error::new(Code::Config, message).with_source(error)
                })?;
            }
        }
        let check_reach = |folder| account.as_ref().map_or(Ok(()), |it| it.check_reach(folder));
        check_reach(cluster.root())?;
        let binaries = Binaries::find(&cluster.binaries(), cluster.made_by(), &data)?;
        check_reach(&binaries.folder)?;
        if cluster.made_by().is_none() {
            cluster.initialise(&binaries, account.as_ref())?;
        }
        Ok(Self { cluster, binaries, account, settings })
    }

    async fn start(&self, port: u16) -> Result<Process> {
        self.cluster.clear_remains().await?;
        let (log, offset) = self.cluster.open_log()?;
        let command = self
            .command(log, port)
            .map_err(|error| self.failed(port, offset).with_source(error))?;
        let process = Process::spawn(command).await;
        let process = process.map_err(|error| self.failed(port, offset).with_source(error))?;
        let deadline = Instant::now() + START_TIMEOUT;
        while !stale::is_ready(&self.cluster.data(), process.pid()) {
            if let Some(status) = process.exit_status() {
                return Err(self.failed(port, offset).with_source(status.to_string()));
            }
            if Instant::now() >= deadline {
                let message = "Postgres did not start in time";
                let tail = self.cluster.log_tail(offset);
                return Err(Error::new(Code::Timeout, message).with_source(tail));
            }
            sleep(PAUSE).await;
        }
        Ok(process)
    }

    fn command(&self, log: File, port: u16) -> io::Result<Command> {
        let mut command = Command::new(self.binaries.program("postgres"));
        command.arg("-D").arg(self.cluster.data());
        let port = port.to_string();
        // The last of several values applies, so these cannot be overridden.
        let fixed = [
            ("listen_addresses", "127.0.0.1"),
            ("port", port.as_str()),
            ("unix_socket_directories", ""),
            ("logging_collector", "off"),
            ("log_destination", "stderr"),
        ];
        let defaults = [("timezone", "UTC"), ("log_timezone", "UTC")];
        let chosen = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in defaults.into_iter().chain(chosen).chain(fixed) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        command.current_dir(self.cluster.root());
        if let Some(account) = &self.account {
            account.apply(&mut command);
        }
        Ok(command)
    }

    /// With the last lines of the log, which name the cause.
    fn failed(&self, port: u16, offset: u64) -> Error {
        let tail = self.cluster.log_tail(offset);
        let message = format!("Postgres did not start on port {port}; its log says:\n{tail}");
        Error::new(Code::Unavailable, message)
    }
}

fn free_port() -> Result<u16> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|bound| bound.local_addr());
    bound.map(|address| address.port()).map_err(|error| {
        Error::new(Code::Unavailable, "there is no free port on 127.0.0.1").with_source(error)
    })
}

fn is_taken(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()
}
