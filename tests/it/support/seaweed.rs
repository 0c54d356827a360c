//! `SeaweedFS`: an S3 of others, with an Iceberg REST catalogue.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use salesgraph::config::{CatalogAccess, CatalogConfig, Secret};
use salesgraph::lake::curated::{Curated, CuratedOptions};
use salesgraph::load::{Outcome, RunAs, RunSummary};
use salesgraph::storage::{Bucket, S3Settings};
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::TestApp;
use super::lake::{LakeReader, USUAL, with_lake};
use super::python::{lake_readers, seaweed};

/// Buckets of tables, one for each test.
const BUCKETS: usize = 40;
const KEY: &str = "admin";
const SECRET: &str = "a-secret-of-tests";
const LIMIT: Duration = Duration::from_secs(60);

/// The server; it ends with the process of the tests.
struct Seaweed {
    s3: S3Settings,
    catalog: String,
}

/// A test's database, and a lake whose tables the catalogue names.
pub(crate) struct RestLake {
    pub(crate) app: TestApp,
    /// How to connect to the lake's S3.
    pub(crate) s3: S3Settings,
    /// The URL of the catalogue.
    pub(crate) endpoint: String,
    pub(crate) bucket_name: String,
    pub(crate) bucket: Bucket,
    python: &'static Path,
}

impl RestLake {
    /// An empty lake; `None`, with a message, without the package registry.
    pub(crate) async fn start(for_what: &str) -> Option<Self> {
        Box::pin(Self::start_of(for_what, TestApp::start())).await
    }

    /// Likewise, for a database on a Postgres of one's own.
    pub(crate) async fn start_of(
        for_what: &str,
        app: impl Future<Output = TestApp>,
    ) -> Option<Self> {
        static SERVER: OnceCell<Seaweed> = OnceCell::const_new();
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let python = lake_readers(for_what).await?;
        let weed = seaweed(for_what).await?.with_file_name("weed");
        let server = SERVER.get_or_init(|| start(&weed)).await;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        assert!(number < BUCKETS, "more tests than buckets");
        let bucket_name = format!("lake{number}");
        let bucket = Bucket::connect(&bucket_name, &server.s3).await.expect("a bucket");
        let (s3, endpoint) = (server.s3.clone(), server.catalog.clone());
        let app = app.await;
        Some(Self { app, s3, endpoint, bucket_name, bucket, python })
    }

    /// The catalogue as the configuration has it.
    pub(crate) fn config(&self) -> CatalogConfig {
        CatalogConfig {
            uri: self.endpoint.clone(),
            warehouse: Some(self.bucket_name.clone()),
            namespace: "salesgraph".to_owned(),
            timeout: Duration::from_secs(30),
            access: CatalogAccess::Client {
                id: KEY.to_owned(),
                secret: Secret::new(SECRET),
                server: None,
                scope: "catalog".to_owned(),
            },
        }
    }

    /// The lake's address: a bucket of tables takes nothing but tables.
    pub(crate) fn uri(&self) -> String {
        format!("s3://{}", self.bucket_name)
    }

    pub(crate) async fn curated(&self, options: CuratedOptions) -> Curated {
        self.curated_of(options, &self.config()).await
    }

    /// The lake with a changed catalogue.
    pub(crate) async fn curated_of(
        &self,
        options: CuratedOptions,
        catalog: &CatalogConfig,
    ) -> Curated {
        let lake = Curated::connect(&self.uri(), &self.s3, options).await.expect("a lake");
        lake.with_catalog(catalog, &self.s3).await.expect("a catalogue")
    }

    /// Loads from the bucket of the source, and writes the lake.
    pub(crate) async fn load(&self) -> RunSummary {
        self.load_with(self.curated(USUAL).await).await
    }

    pub(crate) async fn load_with(&self, lake: Curated) -> RunSummary {
        let summary = Box::pin(self.try_load(lake)).await;
        assert_eq!(summary.outcome, Outcome::Succeeded, "{:?}", summary.first_error());
        summary
    }

    pub(crate) async fn try_load(&self, lake: Curated) -> RunSummary {
        let load = self.app.loader(|_| {}).await;
        load.run_as(RunAs { lake: Some(lake), ..RunAs::default() }).await.expect("the run ends")
    }

    /// The program, with the lake, and a folder as its source.
    pub(crate) fn command(&self, source: &Path) -> Command {
        let mut command = self.app.command();
        self.tell(&mut command);
        command
            .env("SOURCE_URI", format!("file://{}", source.display()))
            .env("LAKE_URI", self.uri())
            .env("LAKE_RAW", "off");
        command
    }

    fn tell(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", self.s3.endpoint_url.as_deref().unwrap_or_default())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("LAKE_CATALOG_URI", &self.endpoint)
            .env("LAKE_CATALOG_WAREHOUSE", &self.bucket_name)
            .env("LAKE_CATALOG_CREDENTIAL", format!("{KEY}:{SECRET}"));
    }

    /// A program that reads the lake through the catalogue.
    pub(crate) fn reader(&self) -> LakeReader {
        let mut command = Command::new(self.python);
        with_lake(&mut command, &self.app);
        self.tell(&mut command);
        LakeReader::start_as(command)
    }

    /// URIs of all objects in the bucket, but for the catalogue's own.
    pub(crate) async fn objects(&self) -> BTreeSet<String> {
        let (mut found, mut after) = (BTreeSet::new(), None::<String>);
        loop {
            let page = self.bucket.keys("", after.as_deref()).await.expect("keys");
            let Some(last) = page.last() else { return found };
            after = Some(last.clone());
            let own = page.iter().filter(|key| !key.ends_with(".json"));
            found.extend(own.map(|key| format!("s3://{}/{key}", self.bucket_name)));
        }
    }

    /// Fails unless the lake has the rows of Postgres, and no object that no table refers to.
    pub(crate) async fn assert_whole(&self, reader: &mut LakeReader) {
        reader.compare().await;
        let needed = reader.reachable().await;
        let needed: BTreeSet<String> =
            needed.into_iter().filter(|uri| !uri.ends_with(".json")).collect();
        assert_eq!(self.objects().await, needed, "objects that no table needs, or that are gone");
    }
}

/// Starts the server in a folder of its own.
async fn start(weed: &Path) -> Seaweed {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let identity = serde_json::json!({"identities": [{
        "name": KEY, "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]});
    let config = folder.join("s3.json");
    std::fs::write(&config, identity.to_string()).expect("a file");
    // All at once, so that they differ.
    let ports: Vec<TcpListener> =
        (0..10).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let port = |number: usize| ports[number].local_addr().expect("an address").port();
    let names = [
        "master.port", "master.port.grpc", "filer.port", "filer.port.grpc", "volume.port",
        "volume.port.grpc", "s3.port", "s3.port.grpc", "s3.port.iceberg",
    ];
    let mut arguments: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(number, name)| format!("-{name}={}", port(number)))
        .collect();
    let (s3, catalog) = (port(6), port(8));
    drop(ports);
    let buckets: Vec<String> = (0..BUCKETS).map(|number| format!("lake{number}")).collect();
    arguments.extend([
        format!("-dir={}", folder.join("data").display()),
        format!("-tableBucket={}", buckets.join(",")),
        format!("-s3.config={}", config.display()),
    ]);
    std::fs::create_dir(folder.join("data")).expect("a folder");
    // It ends when this process does: its standard input ends then.
    let script = "\"$@\" >log 2>&1 & server=$!; cat >/dev/null; kill -9 $server; rm -rf \"$PWD\"";
    let mut child = Command::new("sh")
        .current_dir(&folder)
        .args(["-c", script, "sh"])
        .arg(weed)
        .args(["mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.port.lance=0", "-webdav=false"])
        .args(["-admin.ui=false", "-master.telemetry=false"])
        // Each bucket has volumes of its own.
        .args(["-volume.max=2000", "-master.volumeSizeLimitMB=64"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("a shell");
    // Kept open until the process ends.
    std::mem::forget(child.stdin.take());
    std::mem::forget(child);
    let catalog = format!("http://127.0.0.1:{catalog}");
    let s3 = S3Settings {
        endpoint_url: Some(format!("http://127.0.0.1:{s3}")),
        region: Some("us-east-1".to_owned()),
        access_key_id: Some(KEY.to_owned()),
        secret_access_key: Some(Secret::new(SECRET)),
        ..S3Settings::default()
    };
    let last = Bucket::connect(format!("lake{}", BUCKETS - 1), &s3).await.expect("a bucket");
    let answers = async {
        while last.keys("", None).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let started = tokio::time::timeout(LIMIT, answers).await;
    let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    assert!(started.is_ok(), "weed does not answer within {LIMIT:?}:\n{}", log());
    Seaweed { s3, catalog }
}
