//! A database for one test alone, without a bucket.

use salesgraph::db::pool;
use sqlx::postgres::PgPool;

use super::servers::{Servers, servers};

/// A database that is dropped at the end if its server outlives the tests.
pub(crate) struct TestDb {
    pub(crate) url: String,
    pub(crate) pool: PgPool,
    servers: &'static Servers,
    pub(crate) name: String,
}

/// A migrated database without rows.
pub(crate) async fn database() -> TestDb {
    let servers = servers();
    connect(servers, servers.create_database().await).await
}

/// A database without tables.
pub(crate) async fn unmigrated() -> TestDb {
    let servers = servers();
    connect(servers, servers.create_empty_database().await).await
}

async fn connect(servers: &'static Servers, name: String) -> TestDb {
    let url = servers.url(&name);
    let pool = pool::connect(&pool::Settings::new(&url)).await.expect("connect");
    TestDb { url, pool, servers, name }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        self.servers.drop_in_the_end(&self.name);
    }
}
