//! Databases of the benchmark's own: a migrated template, and copies of it.

use salesgraph::dataset;
use salesgraph::db::{pool, schema};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use crate::Result;

/// The server to load into.
pub(crate) struct Server {
    url: String,
    admin: PgConnection,
    /// What the names of this process' databases begin with.
    prefix: String,
}

/// What a database holds after a load; equal for equal loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    /// Rows of each table, parents first.
    pub(crate) rows: Vec<(&'static str, i64)>,
    /// The sum of `total_due`, as Postgres writes it.
    pub(crate) total_due: String,
}

impl Content {
    /// Rows of all tables.
    pub(crate) fn all_rows(&self) -> i64 {
        self.rows.iter().map(|(_, rows)| rows).sum()
    }
}

impl Server {
    /// Connects and makes the template.
    pub(crate) async fn prepare(url: &str) -> Result<Self> {
        let admin: PgConnection = options(url)?.connect().await?;
        let prefix = format!("salesgraph_bench_{}_", std::process::id());
        let mut server = Self { url: url.to_owned(), admin, prefix };
        let template = server.template();
        server.execute(&format!("CREATE DATABASE {template}")).await?;
        let settings = pool::Settings::new(server.url_of(&template)?);
        let pool = pool::connect(&settings).await?;
        schema::up(&pool).await?;
        pool.close().await;
        Ok(server)
    }

    /// A new database with empty tables; gives its URL. What earlier loads left
    /// in memory is written out first, so that each begins alike.
    pub(crate) async fn create(&mut self, name: &str) -> Result<String> {
        let (name, template) = (format!("{}{name}", self.prefix), self.template());
        self.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        self.execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        self.execute("CHECKPOINT").await?;
        self.url_of(&name)
    }

    /// Takes a database away again.
    pub(crate) async fn drop(&mut self, name: &str) -> Result<()> {
        let name = format!("{}{name}", self.prefix);
        self.execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await
    }

    /// Takes everything away that this process made.
    pub(crate) async fn clean(mut self) -> Result<()> {
        let names: Vec<String> =
            sqlx::query_scalar("SELECT datname FROM pg_database WHERE starts_with(datname, $1)")
                .bind(&self.prefix)
                .fetch_all(&mut self.admin)
                .await?;
        for name in names {
            self.execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        }
        Ok(self.admin.close().await?)
    }

    fn template(&self) -> String {
        format!("{}template", self.prefix)
    }

    /// The same server's other database. Parameters after a `?` stay.
    fn url_of(&self, database: &str) -> Result<String> {
        let invalid = || "the database URL has no host: postgres://user@host:port/database";
        let (scheme, rest) = self.url.split_once("://").ok_or_else(invalid)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let parameters = path.find('?').and_then(|at| path.get(at..)).unwrap_or_default();
        Ok(format!("{scheme}://{host}/{database}{parameters}"))
    }

    async fn execute(&mut self, statement: &str) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut self.admin).await?;
        Ok(())
    }
}

/// Counts what a database holds.
pub(crate) async fn content(url: &str) -> Result<Content> {
    let mut connection = options(url)?.connect().await?;
    let mut rows = Vec::new();
    for dataset in dataset::ALL.iter() {
        let count = format!("SELECT count(*) FROM {}", dataset.table);
        let count = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut connection).await?;
        rows.push((dataset.table, count));
    }
    let total_due = "SELECT coalesce(sum(total_due), 0)::text FROM sales_order";
    let total_due = sqlx::query_scalar(total_due).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(Content { rows, total_due })
}

fn options(url: &str) -> Result<PgConnectOptions> {
    url.parse().map_err(|error| format!("the database URL cannot be read: {error}").into())
}
