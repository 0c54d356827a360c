//! The Postgres to load into and the S3 endpoint to load from, started for the
//! benchmark unless others are named.

use std::path::Path;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use salesgraph::config::Secret;
use salesgraph::dataset;
use salesgraph::embedded::postgres::{Postgres, PostgresOptions};
use salesgraph::embedded::s3::{S3Options, S3Server};
use salesgraph::storage::{Bucket, S3Settings, Source, SourceUri};
use tempfile::TempDir;

use crate::Result;

/// How the loader reads the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Via {
    S3,
    File,
}

/// Where the loader finds its files, and what it has to be told to get there.
#[derive(Debug)]
pub(crate) struct Input {
    /// As `--source` takes it.
    pub(crate) source: String,
    /// Environment of the loader: credentials and the like.
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Input {
    /// The files of a local folder.
    pub(crate) fn folder(folder: &Path) -> Self {
        Self { source: format!("file://{}", folder.display()), environment: Vec::new() }
    }
}

/// Files that are put into a bucket at once.
const UPLOADS: usize = 16;
const REGION: &str = "us-east-1";

/// What runs for as long as the benchmark.
pub(crate) struct Servers {
    /// A superuser's way into Postgres.
    pub(crate) database_url: String,
    postgres: Option<Postgres>,
    s3: Option<S3Server>,
    /// Their data; away with them.
    _state: TempDir,
}

impl Servers {
    pub(crate) async fn start(database_url: Option<&String>, via: Via) -> Result<Self> {
        // Passable for the unprivileged account of Postgres.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let state = tempfile::Builder::new().prefix("bench-").permissions(open).tempdir()?;
        let (database_url, postgres) = match database_url {
            Some(url) => (url.clone(), None),
            None => {
                let state_dir = state.path().to_owned();
                let options = PostgresOptions { state_dir, ..PostgresOptions::default() };
                let postgres = Postgres::start(options).await?;
                (postgres.url_for("postgres"), Some(postgres))
            }
        };
        let s3 = match via {
            Via::File => None,
            Via::S3 => Some(
                S3Server::start(S3Options {
                    root: state.path().join("s3"),
                    bind: ([127, 0, 0, 1], 0).into(),
                    access_key: "bench".to_owned(),
                    secret_key: "bench-secret".to_owned(),
                })
                .await?,
            ),
        };
        Ok(Self { database_url, postgres, s3, _state: state })
    }

    /// The files, put into a bucket where they are to be read from there.
    pub(crate) async fn input(&self, folder: &Path, bucket: &str) -> Result<Input> {
        let Some(server) = &self.s3 else { return Ok(Input::folder(folder)) };
        let source = format!("s3://{bucket}");
        let bucket = Bucket::connect(bucket, &settings(server)).await?;
        bucket.create_if_missing().await?;
        let uri = SourceUri::File { dir: folder.to_owned() };
        let mut listing = Source::connect(&uri, &S3Settings::default()).await?.list();
        while let Some(page) = listing.next_page().await? {
            let uploads = page.iter().filter(|file| is_loaded(&file.key)).map(|file| {
                let path = Path::new(&file.key);
                let key = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
                let bucket = &bucket;
                async move { bucket.put_file(path, &key).await }
            });
            stream::iter(uploads).buffer_unordered(UPLOADS).try_collect::<Vec<_>>().await?;
        }
        let environment = vec![
            ("AWS_ENDPOINT_URL", server.endpoint()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", server.access_key().to_owned()),
            ("AWS_SECRET_ACCESS_KEY", server.secret_key().to_owned()),
        ];
        Ok(Input { source, environment })
    }

    pub(crate) async fn stop(self) -> Result<()> {
        if let Some(s3) = self.s3 {
            s3.stop().await?;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop().await?;
        }
        Ok(())
    }
}

/// Whether it is a file of rows or of documents, and none of what lies beside them.
fn is_loaded(key: &str) -> bool {
    dataset::by_object_key(key).is_some() || key.contains("/orders/")
}

fn settings(server: &S3Server) -> S3Settings {
    S3Settings {
        endpoint_url: Some(server.endpoint()),
        region: Some(REGION.to_owned()),
        access_key_id: Some(server.access_key().to_owned()),
        secret_access_key: Some(Secret::new(server.secret_key())),
        ..S3Settings::default()
    }
}
