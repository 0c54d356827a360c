//! A database for one test alone, without a bucket.

use salesgraph::db::pool;
use sqlx::postgres::PgPool;

use super::cluster::become_like_a_cluster;
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

impl TestDb {
    /// From here on it is read and written as a cluster is.
    pub(crate) async fn become_like_a_cluster(&self) {
        become_like_a_cluster(&self.pool).await;
    }

    /// Another database with the same content. The connections to this one are ended.
    pub(crate) async fn copy(&self) -> Self {
        connect(self.servers, self.servers.copy_database(&self.name).await).await
    }
}

impl TestDb {
    /// Forgets what Postgres counted of changes, so that equal databases have equal
    /// statistics. Connections are ended: each might still report some.
    pub(crate) async fn forget_statistics(&self) {
        self.servers.end_connections(&self.name).await;
        let pool = pool::connect(&pool::Settings::new(&self.url)).await.expect("connect");
        sqlx::query("SELECT pg_stat_reset()").execute(&pool).await.expect("statistics are reset");
        pool.close().await;
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        self.servers.drop_in_the_end(&self.name);
    }
}
