//! One Postgres and one S3 endpoint for all tests of the binary: those named by
//! `TEST_DATABASE_URL` and `TEST_S3_ENDPOINT`, else embedded ones.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};

use salesgraph::config::Secret;
use salesgraph::db::schema;
use salesgraph::embedded::postgres::{Postgres, PostgresOptions};
use salesgraph::embedded::s3::{S3Options, S3Server};
use salesgraph::storage::S3Settings;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

/// The servers.
pub(crate) struct Servers {
    /// How a superuser connects to Postgres.
    admin: PgConnectOptions,
    /// How it connects to the workers, if that is the coordinator of a Citus cluster: databases
    /// are made and dropped there, too.
    workers: Vec<PgConnectOptions>,
    /// How to connect to S3.
    pub(crate) s3: S3Settings,
    template: String,
    /// Whether the databases outlive the tests unless dropped.
    keeps_databases: bool,
}

static SERVERS: OnceLock<Servers> = OnceLock::new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A name that no other test of this or another process uses.
pub(crate) fn unique(prefix: &str) -> String {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{}-{number}", std::process::id())
}

/// The servers, started by the first test that needs them.
pub(crate) fn servers() -> &'static Servers {
    SERVERS.get_or_init(|| {
        let (ready, servers) = mpsc::channel();
        // The servers live as long as the process, on a runtime that outlives every test.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let (started, _keep) = start().await;
                ready.send(started).expect("the first test waits");
                std::future::pending::<()>().await;
            });
        });
        servers.recv().expect("the test servers start; see the panic above")
    })
}

impl Servers {
    /// A Postgres for one test alone, with the S3 of all tests.
    pub(crate) async fn on(postgres: &Postgres) -> &'static Self {
        let admin = PgConnectOptions::from_str(&postgres.url_for("postgres")).expect("a URL");
        let template = migrated_template(&admin, &[]).await;
        let s3 = servers().s3.clone();
        let workers = Vec::new();
        Box::leak(Box::new(Self { admin, workers, s3, template, keeps_databases: false }))
    }

    /// Whether the databases are those of a Citus cluster.
    pub(crate) fn is_cluster(&self) -> bool {
        !self.workers.is_empty()
    }

    /// A connection to each machine, the coordinator's first.
    async fn machines(&self) -> Vec<PgConnection> {
        connections(&self.admin, &self.workers).await
    }

    /// How to connect to a database.
    pub(crate) fn options(&self, database: &str) -> PgConnectOptions {
        self.admin.clone().database(database)
    }

    /// The same as a URL.
    pub(crate) fn url(&self, database: &str) -> String {
        self.options(database).to_url_lossy().to_string()
    }

    /// A fresh, migrated database.
    pub(crate) async fn create_database(&self) -> String {
        let name = unique("test").replace('-', "_");
        for mut machine in self.machines().await {
            let create = format!("CREATE DATABASE {name} TEMPLATE {}", self.template);
            let create = sqlx::query(AssertSqlSafe(create));
            create.execute(&mut machine).await.expect("a database is made");
        }
        name
    }

    /// A copy of a database, whose connections it ends.
    pub(crate) async fn copy_database(&self, of: &str) -> String {
        let name = unique("copy").replace('-', "_");
        let mut machines = self.machines().await;
        close_database(&mut machines, of).await;
        for machine in &mut machines {
            let create = format!("CREATE DATABASE {name} TEMPLATE {of}");
            let create = sqlx::query(AssertSqlSafe(create));
            create.execute(machine).await.expect("a database is made");
        }
        open_database(&mut machines, of).await;
        name
    }

    /// Ends the connections to a database.
    pub(crate) async fn end_connections(&self, database: &str) {
        let mut machines = self.machines().await;
        close_database(&mut machines, database).await;
        open_database(&mut machines, database).await;
    }

    /// An empty database, without a schema.
    pub(crate) async fn create_empty_database(&self) -> String {
        let name = unique("empty").replace('-', "_");
        let mut admin = PgConnection::connect_with(&self.admin).await.expect("Postgres answers");
        let create = format!("CREATE DATABASE {name}");
        sqlx::query(AssertSqlSafe(create)).execute(&mut admin).await.expect("a database is made");
        name
    }

    /// Drops a test's database if the server outlives the tests.
    pub(crate) fn drop_in_the_end(&'static self, name: &str) {
        if !self.keeps_databases {
            return;
        }
        // `Drop` cannot wait, and the test's runtime may be shutting down.
        let name = name.to_owned();
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(self.drop_database(&name));
        });
        drop(dropping.join());
    }

    /// Drops a database, whoever is connected.
    async fn drop_database(&self, name: &str) {
        for mut machine in self.machines().await {
            let exists: bool =
                sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
                    .bind(name)
                    .fetch_one(&mut machine)
                    .await
                    .expect("an answer");
            if !exists {
                continue;
            }
            close_database(std::slice::from_mut(&mut machine), name).await;
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            let drop = sqlx::query(AssertSqlSafe(drop));
            drop.execute(&mut machine).await.expect("the database is dropped");
        }
    }
}

/// The embedded servers, which stop when dropped.
type Keep = (Option<Postgres>, Option<S3Server>);

async fn start() -> (Servers, Keep) {
    let (admin, postgres) = match std::env::var("TEST_DATABASE_URL") {
        Ok(url) => (PgConnectOptions::from_str(&url).expect("TEST_DATABASE_URL is a URL"), None),
        Err(_) => {
            let postgres = start_postgres(&state_dir("shared")).await;
            let url = postgres.url_for("postgres");
            (PgConnectOptions::from_str(&url).expect("a URL"), Some(postgres))
        }
    };
    let (s3, server) = match std::env::var("TEST_S3_ENDPOINT") {
        Ok(endpoint) => (external_s3(endpoint), None),
        Err(_) => {
            let server = start_s3(&state_dir("shared")).await;
            (settings_of(&server), Some(server))
        }
    };
    let workers = workers(&admin).await;
    let template = migrated_template(&admin, &workers).await;
    let keeps_databases = postgres.is_none();
    (Servers { admin, workers, s3, template, keeps_databases }, (postgres, server))
}

/// A Postgres for tests: its data are thrown away, so fsync is off.
pub(crate) async fn start_postgres(state_dir: &Path) -> Postgres {
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Postgres::start(PostgresOptions {
        state_dir: state_dir.to_owned(),
        port: None,
        settings: vec![
            setting("fsync", "off"),
            setting("full_page_writes", "off"),
            setting("max_connections", "300"),
            setting("shared_buffers", "128MB"),
        ],
    })
    .await
    .expect("the embedded Postgres starts")
}

async fn start_s3(state_dir: &Path) -> S3Server {
    S3Server::start(S3Options {
        root: state_dir.join("s3"),
        bind: ([127, 0, 0, 1], 0).into(),
        access_key: "test".to_owned(),
        secret_key: "test-secret".to_owned(),
    })
    .await
    .expect("the embedded S3 endpoint starts")
}

fn settings_of(server: &S3Server) -> S3Settings {
    S3Settings {
        endpoint_url: Some(server.endpoint()),
        region: Some("us-east-1".to_owned()),
        access_key_id: Some(server.access_key().to_owned()),
        secret_access_key: Some(Secret::new(server.secret_key())),
        ..S3Settings::default()
    }
}

fn external_s3(endpoint: String) -> S3Settings {
    let get = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    S3Settings {
        endpoint_url: Some(endpoint),
        region: Some("us-east-1".to_owned()),
        access_key_id: Some(get("TEST_S3_ACCESS_KEY_ID")),
        secret_access_key: Some(Secret::new(get("TEST_S3_SECRET_ACCESS_KEY"))),
        ..S3Settings::default()
    }
}

/// The workers of the coordinator; none of a Postgres that is none.
async fn workers(admin: &PgConnectOptions) -> Vec<PgConnectOptions> {
    let mut connection = PgConnection::connect_with(admin).await.expect("Postgres answers");
    let is_citus: bool = sqlx::query_scalar("SELECT to_regclass('pg_dist_node') IS NOT NULL")
        .fetch_one(&mut connection)
        .await
        .expect("an answer");
    if !is_citus {
        return Vec::new();
    }
    let nodes: Vec<(String, i32)> =
        sqlx::query_as("SELECT nodename, nodeport FROM pg_dist_node WHERE groupid > 0 ORDER BY 2")
            .fetch_all(&mut connection)
            .await
            .expect("the workers");
    let of = |(host, port): (String, i32)| {
        admin.clone().host(&host).port(u16::try_from(port).expect("a port"))
    };
    nodes.into_iter().map(of).collect()
}

async fn connections(admin: &PgConnectOptions, workers: &[PgConnectOptions]) -> Vec<PgConnection> {
    let mut connections = Vec::new();
    for options in std::iter::once(admin).chain(workers) {
        connections.push(PgConnection::connect_with(options).await.expect("Postgres answers"));
    }
    connections
}

/// Ends all connections to a database, those of the extension's own processes among them, which
/// would begin new ones at once if they were let.
async fn close_database(machines: &mut [PgConnection], database: &str) {
    for machine in machines {
        let shut = format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false");
        sqlx::query(AssertSqlSafe(shut)).execute(&mut *machine).await.expect("it is shut");
        sqlx::query(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
        )
        .bind(database)
        .execute(machine)
        .await
        .expect("the connections end");
    }
}

/// Lets connections to a database begin again.
async fn open_database(machines: &mut [PgConnection], database: &str) {
    for machine in machines {
        let open = format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true");
        sqlx::query(AssertSqlSafe(open)).execute(machine).await.expect("it is open");
    }
}

/// The database that every test's database is copied from, on each machine.
async fn migrated_template(admin: &PgConnectOptions, workers: &[PgConnectOptions]) -> String {
    let name = unique("template").replace('-', "_");
    let mut machines = connections(admin, workers).await;
    for machine in &mut machines {
        let create = format!("CREATE DATABASE {name}");
        sqlx::query(AssertSqlSafe(create)).execute(machine).await.expect("a template");
    }
    if !workers.is_empty() {
        form_cluster(&admin.clone().database(&name), workers, &name).await;
    }
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(admin.clone().database(&name))
        .await
        .expect("the template answers");
    let migrated = if workers.is_empty() {
        schema::up(&pool).await
    } else {
        schema::up_distributed(&pool).await
    };
    migrated.expect("the migrations apply");
    pool.close().await;
    if !workers.is_empty() {
        close_database(&mut machines, &name).await;
    }
    name
}

/// Makes the database of a coordinator know those of its workers, as docs/scaling.md tells.
async fn form_cluster(coordinator: &PgConnectOptions, workers: &[PgConnectOptions], name: &str) {
    let worker_databases = workers.iter().map(|options| options.clone().database(name));
    for options in worker_databases.chain([coordinator.clone()]) {
        let mut machine = PgConnection::connect_with(&options).await.expect("the database answers");
        let create = sqlx::query("CREATE EXTENSION citus");
        create.execute(&mut machine).await.expect("the extension");
    }
    let mut machine = PgConnection::connect_with(coordinator).await.expect("the database answers");
    let node = |function: &str, options: &PgConnectOptions| {
        let (host, port) = (options.get_host(), options.get_port());
        AssertSqlSafe(format!("SELECT {function}('{host}', {port})"))
    };
    let host = sqlx::query(node("citus_set_coordinator_host", coordinator));
    host.execute(&mut machine).await.expect("the coordinator's address");
    for worker in workers {
        let add = sqlx::query(node("citus_add_node", worker));
        add.execute(&mut machine).await.expect("a worker");
    }
}

/// A folder for a server's state, accessible to the unprivileged account of Postgres.
/// Removes the folders of earlier test runs.
pub(crate) fn state_dir(name: &str) -> PathBuf {
    const PREFIX: &str = "salesgraph-test-";
    let root = std::env::temp_dir();
    for entry in std::fs::read_dir(&root).into_iter().flatten().flatten() {
        let file_name = entry.file_name();
        let owner = file_name.to_string_lossy().strip_prefix(PREFIX).map(str::to_owned);
        let owner = owner.and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            // Another test process may be removing it at the same time.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let dir = root.join(format!("{PREFIX}{}-{}", std::process::id(), unique(name)));
    std::fs::create_dir_all(&dir).expect("a state folder");
    dir
}
