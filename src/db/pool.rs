//! The connection pool and the schema version.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::db::sessions;
use crate::db::sqlstate::sqlstate;
use crate::error::{Code, Error, Result};

/// Makes Postgres, since version 14, check during a statement whether the client is still
/// connected, and cancel the statement if not; by default it notices when it responds.
const CLIENT_CHECK: (&str, &str) = ("client_connection_check_interval", "500ms");
const SET_CLIENT_CHECK: &str = "SET client_connection_check_interval = '500ms'";

/// How to connect.
#[derive(Clone)]
pub struct Settings {
    /// `postgres://user:password@host:port/database`.
    pub url: String,
    /// Most connections open at once.
    pub max_connections: u32,
    /// How long to wait for a connection.
    pub acquire_timeout: Duration,
    /// After which Postgres cancels a statement; `None` for no limit.
    pub statement_timeout: Option<Duration>,
}

impl Settings {
    /// Settings for a URL with the defaults: 10 connections, 5 s to get one, no
    /// limit on statements.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: None,
        }
    }

    fn options(&self) -> Result<PgConnectOptions> {
        let options = options_of(&self.url)?
            .application_name("salesgraph")
            .statement_cache_capacity(500)
            .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(5))
            // JIT compilation takes up to a second, more than it saves on all but the longest
            // statements.
            .options([("jit", "off")]);
        Ok(match self.statement_timeout {
            Some(limit) => options.options([("statement_timeout", limit.as_millis().to_string())]),
            None => options,
        })
    }

    fn pool(&self) -> PgPoolOptions {
        PgPoolOptions::new()
            .max_connections(self.max_connections)
            .acquire_timeout(self.acquire_timeout)
            // Small queries reuse connections without the pool, so a ping each time costs little.
            .test_before_acquire(true)
            .before_acquire(|_, state| Box::pin(async move { Ok(!sessions::is_marked(state.age)) }))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .finish_non_exhaustive()
    }
}

/// Opens a pool and one connection, to fail here rather than at the first query.
///
/// # Errors
/// `CONFIG` for an invalid URL, `UNAVAILABLE` with host, port and database (never the
/// password) when connecting fails.
pub async fn connect(settings: &Settings) -> Result<PgPool> {
    let mut options = settings.options()?;
    let target = format!(
        "{}:{}/{}",
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or_else(|| options.get_username()),
    );
    let failed = |error: sqlx::Error| {
        Error::new(Code::Unavailable, format!("cannot connect to Postgres at {target}"))
            .with_source(error)
    };
    // The pool retries until its timeout and hides the cause; a single connection
    // reports it.
    let first = tokio::time::timeout(settings.acquire_timeout, options.connect());
    let mut first = first.await.map_err(|_| failed(sqlx::Error::PoolTimedOut))?.map_err(failed)?;
    match sqlx::query(SET_CLIENT_CHECK).execute(&mut first).await {
        Ok(_) => options = options.options([CLIENT_CHECK]),
        // Some versions and platforms do not support it.
        Err(sqlx::Error::Database(error)) => {
            let setting = CLIENT_CHECK.0;
            tracing::warn!(setting, error = %error, "queries of disconnected clients are not cancelled");
        }
        Err(error) => return Err(failed(error)),
    }
    // Nothing depends on a clean close.
    let _ = first.close().await;
    settings.pool().connect_with(options).await.map_err(failed)
}

/// A pool that connects when first used, to a replica of the database of another pool: it need
/// not be there yet.
///
/// # Errors
/// `CONFIG` for an invalid URL.
pub fn connect_lazy(settings: &Settings, main: &PgPool) -> Result<PgPool> {
    let mut options = settings.options()?;
    let main = main.connect_options();
    if main.get_options().is_some_and(|options| options.contains(CLIENT_CHECK.0)) {
        options = options.options([CLIENT_CHECK]);
    }
    Ok(settings.pool().connect_lazy_with(options))
}

/// Parses a URL.
///
/// # Errors
/// `CONFIG` for an invalid URL.
pub fn options_of(url: &str) -> Result<PgConnectOptions> {
    let invalid = || {
        let form = "postgres://user:password@host:port/database";
        Error::new(Code::Config, format!("database.url is not a Postgres URL ({form})"))
    };
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(invalid());
    }
    PgConnectOptions::from_str(url).map_err(|error| invalid().with_source(error))
}

/// The pool as a SeaORM connection.
#[must_use]
pub fn orm(pool: &PgPool) -> DatabaseConnection {
    SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone())
}

/// The database's schema compared with this program's migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaVersion {
    /// Exactly this program's migrations are applied.
    Current,
    /// This many migrations are missing.
    Behind(usize),
    /// The database has a migration that this program does not know.
    Ahead(String),
}

impl SchemaVersion {
    /// `Ok` if current.
    ///
    /// # Errors
    /// `CONFIG` with the remedy. Which migration is unknown is in its source only: the message
    /// is told to anyone who asks whether the server is ready.
    pub fn require_current(&self) -> Result<()> {
        match self {
            Self::Current => Ok(()),
            Self::Behind(missing) => Err(Error::new(
                Code::Config,
                format!(
                    "the database lacks {missing} migration(s): \
                     run `salesgraph migrate up` or pass --migrate"
                ),
            )),
            Self::Ahead(name) => Err(Error::new(
                Code::Config,
                "the database has a migration that this version of salesgraph does not know: use \
                 a newer version",
            )
            .with_source(format!("the migration {name}"))),
        }
    }
}

/// Compares the applied migrations with this program's.
///
/// # Errors
/// As any query: `UNAVAILABLE` when Postgres does not answer.
pub async fn schema_version(pool: &PgPool) -> Result<SchemaVersion> {
    let applied: Vec<String> = match sqlx::query_scalar(
        "SELECT version::text FROM seaql_migrations",
    )
    .fetch_all(pool)
    .await
    {
        Ok(applied) => applied,
        // The first migration creates the table.
        Err(error) if sqlstate(&error).as_deref() == Some("42P01") => {
            sessions::note(&error);
            Vec::new()
        }
        Err(error) => return Err(error.into()),
    };
    let known: Vec<String> =
        Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    if let Some(unknown) = applied.iter().find(|name| !known.contains(name)) {
        return Ok(SchemaVersion::Ahead(unknown.clone()));
    }
    match known.iter().filter(|name| !applied.contains(name)).count() {
        0 => Ok(SchemaVersion::Current),
        missing => Ok(SchemaVersion::Behind(missing)),
    }
}
