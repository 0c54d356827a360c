//! A test's database and bucket, and the loader on them.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use salesgraph::config::{LoadMode, Secret};
use salesgraph::db::schema;
use salesgraph::load::{BatchLimits, Load, LoadOptions, RunSummary, Silent};
use salesgraph::storage::{Bucket, S3Settings, Source, SourceUri};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::cluster::{become_like_a_cluster, tell_plans};
use super::servers::{Servers, servers, unique};
use super::snapshot::Snapshot;

/// A database and a bucket for one test alone.
pub(crate) struct TestApp {
    servers: &'static Servers,
    database: String,
    /// Connections to the database.
    pub(crate) pool: PgPool,
    /// The bucket.
    pub(crate) bucket: Bucket,
    bucket_name: String,
}

impl TestApp {
    /// A migrated database and an empty bucket.
    pub(crate) async fn start() -> Self {
        Self::start_on(servers()).await
    }

    /// Likewise, on other servers than those of all tests.
    pub(crate) async fn start_on(servers: &'static Servers) -> Self {
        let database = servers.create_database().await;
        let pool = pool_of(servers.options(&database)).await;
        let bucket_name = unique("bucket");
        let bucket = Bucket::connect(&bucket_name, &servers.s3).await.expect("a bucket's client");
        bucket.create_if_missing().await.expect("the bucket is made");
        Self { servers, database, pool, bucket, bucket_name }
    }

    /// On a Postgres that is one machine, also where the tests have a cluster.
    pub(crate) async fn start_single() -> Self {
        let app = Self::start().await;
        if app.servers.is_cluster() {
            let mut single = app;
            single.servers.drop_in_the_end(&single.database);
            single.database = single.servers.create_empty_database().await;
            single.pool = pool_of(single.database()).await;
            schema::up(&single.pool).await.expect("the migrations apply");
            return single;
        }
        app
    }

    /// On a cluster; where the tests have none, on a database that is read and written as one is,
    /// and that tells the plan of each statement.
    pub(crate) async fn start_like_a_cluster() -> Self {
        let mut app = Self::start().await;
        app.become_like_a_cluster().await;
        app
    }

    /// From here on it is read and written as a cluster is, and plans are told. A cluster is one,
    /// and could not tell its plans: it asks the machines for them, which lack the tables of this
    /// session.
    pub(crate) async fn become_like_a_cluster(&mut self) {
        if self.servers.is_cluster() {
            return;
        }
        become_like_a_cluster(&self.pool).await;
        tell_plans(&self.pool).await;
        self.pool.close().await;
        self.pool = pool_of(self.database()).await;
    }

    /// How to connect to the database.
    pub(crate) fn database(&self) -> PgConnectOptions {
        self.servers.options(&self.database)
    }

    /// The same as a URL.
    pub(crate) fn database_url(&self) -> String {
        self.servers.url(&self.database)
    }

    /// How to connect to S3.
    pub(crate) fn s3(&self) -> &'static S3Settings {
        &self.servers.s3
    }

    /// The source of the loader.
    pub(crate) fn source_uri(&self) -> String {
        format!("s3://{}/incoming", self.bucket_name)
    }

    /// Where reports go.
    pub(crate) fn reports_uri(&self) -> String {
        format!("s3://{}/relatorios", self.bucket_name)
    }

    /// The name of the bucket.
    pub(crate) fn bucket_name(&self) -> &str {
        &self.bucket_name
    }

    /// Puts an object under the prefix of the source.
    pub(crate) async fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        let key = format!("incoming/{key}");
        self.bucket.put_bytes(&key, bytes.into()).await.expect("the object is put");
    }

    /// Puts every CSV of a folder, by its path below the folder.
    pub(crate) async fn put_dir(&self, dir: &Path) {
        let mut folders = vec![dir.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.to_string_lossy().contains(".csv") {
                    let key = path.strip_prefix(dir).expect("below").to_string_lossy().into_owned();
                    self.put(&key, std::fs::read(&path).expect("a file")).await;
                }
            }
        }
    }

    /// Loads from the bucket in this process.
    pub(crate) async fn load(&self) -> RunSummary {
        self.loader(|_| {}).await.run().await.expect("the run ends")
    }

    /// A loader of the bucket, with changed options.
    pub(crate) async fn loader(&self, change: impl FnOnce(&mut LoadOptions)) -> Load {
        self.loader_of(&self.source_uri(), self.s3(), change).await
    }

    /// A loader of another source, or through another endpoint.
    pub(crate) async fn loader_of(
        &self,
        uri: &str,
        s3: &S3Settings,
        change: impl FnOnce(&mut LoadOptions),
    ) -> Load {
        let mut options = LoadOptions {
            limits: BatchLimits { rows: 5_000, bytes: 1 << 20, record_bytes: 1 << 20 },
            parallel_files: 2,
            max_rejects: None,
            mode: LoadMode::Merge,
            max_removed: "10%".parse().expect("a percentage"),
            atomic: false,
            mapping: None,
            raw: None,
            again: false,
            bulk_bytes: 1,
        };
        change(&mut options);
        let uri: SourceUri = uri.parse().expect("a source");
        Load {
            database: self.database(),
            source: Source::connect(&uri, s3).await.expect("the source is reached"),
            options,
            observer: Arc::new(Silent),
            stop: CancellationToken::new(),
        }
    }

    /// The program, configured for the database and the bucket.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_salesgraph"));
        let s3 = self.s3();
        let secret = s3.secret_access_key.as_ref().map(Secret::expose);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DATABASE_URL", self.database_url())
            .env("SOURCE_URI", self.source_uri())
            .env("LOAD_BULK_BYTES", "1")
            .env("AWS_ENDPOINT_URL", s3.endpoint_url.as_deref().unwrap_or_default())
            .env("AWS_REGION", s3.region.as_deref().unwrap_or_default())
            .env("AWS_ACCESS_KEY_ID", s3.access_key_id.as_deref().unwrap_or_default())
            .env("AWS_SECRET_ACCESS_KEY", secret.unwrap_or_default())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Everything the loader is responsible for.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.pool).await
    }

    /// The only value of a query.
    pub(crate) async fn value<T>(&self, sql: &'static str) -> T
    where
        T: Send + Unpin + sqlx::Type<sqlx::Postgres> + for<'r> sqlx::Decode<'r, sqlx::Postgres>,
    {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect(sql)
    }
}

async fn pool_of(database: PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(5).connect_with(database).await;
    pool.expect("the test's database answers")
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.servers.drop_in_the_end(&self.database);
    }
}
