//! What the tests share.

pub(crate) mod fixture;
pub(crate) mod http;
pub(crate) mod statements;

use std::str::FromStr;

use migration::{Migrator, MigratorTrait as _};
use salesgraph::db::pool;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

/// A database of a test's own, migrated and empty; dropped at the end.
pub(crate) struct TestDb {
    pub(crate) url: String,
    pub(crate) pool: PgPool,
    name: String,
}

const DEFAULT_URL: &str = "postgres://postgres@127.0.0.1:5433/postgres";

fn server_url() -> String {
    std::env::var("TEST_DATABASE_URL").unwrap_or_else(|_| DEFAULT_URL.to_owned())
}

/// Creates the database, on the server that `TEST_DATABASE_URL` names.
pub(crate) async fn database() -> TestDb {
    let db = unmigrated().await;
    Migrator::up(&pool::orm(&db.pool), None).await.expect("migrations");
    db
}

/// The same without tables.
pub(crate) async fn unmigrated() -> TestDb {
    let name = format!("it_{}", uuid::Uuid::new_v4().simple());
    let options = PgConnectOptions::from_str(&server_url()).expect("TEST_DATABASE_URL");
    let mut server = options.connect().await.expect("Postgres of the tests");
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    server.execute(create).await.expect("create the database");
    server.close().await.expect("close");
    let url = options.database(&name).to_url_lossy().to_string();
    let pool = pool::connect(&pool::Settings::new(&url)).await.expect("connect");
    TestDb { url, pool, name }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let drop = AssertSqlSafe(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        // Drop cannot wait, and the test's runtime may be on its way out.
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
                let options = PgConnectOptions::from_str(&server_url())?;
                options.connect().await?.execute(drop).await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        })
        .join();
        if !matches!(dropped, Ok(Ok(()))) {
            println!("the database {} is left behind", self.name);
        }
    }
}
