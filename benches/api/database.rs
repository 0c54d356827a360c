//! The Postgres all sides read from, and its one database.

use std::path::Path;
use std::process::{Command, Stdio};

use ::salesgraph::embedded::postgres::{Postgres, PostgresOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use tempfile::TempDir;

use crate::Result;
use crate::args::Args;

/// The loader's exit codes for done, and done with rejects.
pub(crate) const DONE: [i32; 2] = [0, 3];

/// A loaded database, and the server it is on.
pub(crate) struct Database {
    url: String,
    options: PgConnectOptions,
    admin: PgConnectOptions,
    name: String,
    postgres: Option<Postgres>,
    /// The data of a server of our own; away with it.
    _state: TempDir,
}

impl Database {
    /// Starts Postgres unless one is named, and loads the files.
    pub(crate) async fn start(args: &Args, files: &Path) -> Result<Self> {
        // Passable for the unprivileged account of Postgres.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let state = tempfile::Builder::new().prefix("bench-").permissions(open).tempdir()?;
        let (url, postgres) = match &args.database_url {
            Some(url) => (url.clone(), None),
            None => {
                let state_dir = state.path().to_owned();
                let options = PostgresOptions { state_dir, ..PostgresOptions::default() };
                let postgres = Postgres::start(options).await?;
                (postgres.url_for("postgres"), Some(postgres))
            }
        };
        let admin: PgConnectOptions =
            url.parse().map_err(|error| format!("the database URL cannot be read: {error}"))?;
        let name = format!("salesgraph_bench_api_{}", std::process::id());
        let options = admin.clone().database(&name);
        let url = url_of(&url, &name)?;
        let database = Self { url, options, admin, name, postgres, _state: state };
        database.execute_as_admin(&format!("CREATE DATABASE {}", database.name)).await?;
        println!("loading {}", files.display());
        let load = Command::new(&args.bin)
            .args(["load", "--migrate", "--source", &format!("file://{}", files.display())])
            .env_remove("SALESGRAPH_CONFIG")
            .env("DATABASE_URL", database.url())
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .status()?;
        if !load.code().is_some_and(|code| DONE.contains(&code)) {
            return Err(format!("salesgraph load failed: {load}").into());
        }
        // What autovacuum would do at a moment of its own, in the middle of a round.
        let mut connection = database.connect().await?;
        sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut connection).await?;
        sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
        connection.close().await?;
        Ok(database)
    }

    /// The way in for a program.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The way in for this one.
    pub(crate) async fn connect(&self) -> Result<PgConnection> {
        Ok(self.options.connect().await?)
    }

    /// Takes everything away again.
    pub(crate) async fn stop(self) -> Result<()> {
        self.execute_as_admin(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await?;
        if let Some(postgres) = self.postgres {
            postgres.stop().await?;
        }
        Ok(())
    }

    async fn execute_as_admin(&self, statement: &str) -> Result<()> {
        let mut connection = self.admin.connect().await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}

/// The same server's other database. Parameters after a `?` stay as they are,
/// and none are added: not all programs read them alike.
fn url_of(url: &str, database: &str) -> Result<String> {
    let invalid = || "the database URL has no host: postgres://user@host:port/database";
    let (scheme, rest) = url.split_once("://").ok_or_else(invalid)?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let parameters = path.find('?').and_then(|at| path.get(at..)).unwrap_or_default();
    Ok(format!("{scheme}://{host}/{database}{parameters}"))
}
