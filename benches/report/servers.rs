//! The Postgres and the S3 of the benchmark, and its data.

use std::path::{Path, PathBuf};
use std::process::Command;

use salesgraph::embedded::postgres::{Postgres, PostgresOptions};
use salesgraph::embedded::s3::{S3Options, S3Server};
use salesgraph::storage::{Bucket, S3Settings};
use tempfile::TempDir;

use crate::{Result, measure};

const BUCKET: &str = "bench";

pub(crate) struct Servers {
    bin: PathBuf,
    postgres: Postgres,
    s3: S3Server,
    state: TempDir,
}

impl Servers {
    pub(crate) async fn start(bin: &Path) -> Result<Self> {
        // Passable for the unprivileged account of Postgres.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let state = tempfile::Builder::new().prefix("bench-").permissions(open).tempdir()?;
        let state_dir = state.path().to_owned();
        let postgres =
            Postgres::start(PostgresOptions { state_dir, ..PostgresOptions::default() }).await?;
        postgres.ensure_database("bench").await?;
        let s3 = S3Server::start(S3Options {
            root: state.path().join("s3"),
            bind: ([127, 0, 0, 1], 0).into(),
            access_key: "bench".to_owned(),
            secret_key: "bench-secret".to_owned(),
        })
        .await?;
        let settings = S3Settings {
            endpoint_url: Some(s3.endpoint()),
            region: Some("us-east-1".to_owned()),
            access_key_id: Some(s3.access_key().to_owned()),
            secret_access_key: Some(salesgraph::config::Secret::new(s3.secret_key())),
            ..S3Settings::default()
        };
        Bucket::connect(BUCKET, &settings).await?.create_if_missing().await?;
        Ok(Self { bin: bin.to_owned(), postgres, s3, state })
    }

    pub(crate) fn url(&self) -> String {
        self.postgres.url_for("bench")
    }

    /// A folder that goes with the benchmark.
    pub(crate) fn folder(&self) -> &Path {
        self.state.path()
    }

    /// The program on these servers.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.bin);
        command
            .args(arguments)
            .env_remove("SALESGRAPH_CONFIG")
            .env("DATABASE_URL", self.url())
            .env("REPORTS_URI", format!("s3://{BUCKET}/relatorios"))
            .env("AWS_ENDPOINT_URL", self.s3.endpoint())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", self.s3.access_key())
            .env("AWS_SECRET_ACCESS_KEY", self.s3.secret_key())
            .env("LOAD_SCHEDULE", "off")
            .env("RUST_LOG", "warn");
        command
    }

    /// Generates data and loads them.
    pub(crate) fn load(&self, scale: f64) -> Result<()> {
        let files = self.folder().join("files");
        let path = files.to_string_lossy().into_owned();
        let scale = scale.to_string();
        measure::run(&self.command(&["sample", "--out", &path, "--scale", &scale]), &[0])?;
        measure::run(&self.command(&["migrate", "up"]), &[0])?;
        let source = format!("file://{path}");
        measure::run(&self.command(&["load", "--source", &source]), &[0, 3])?;
        std::fs::remove_dir_all(&files)?;
        measure::run(&self.psql("VACUUM ANALYZE"), &[0])?;
        Ok(())
    }

    pub(crate) fn psql(&self, statement: &str) -> Command {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url(), "-c", statement]);
        command
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.s3.stop().await?;
        self.postgres.stop().await?;
        Ok(())
    }
}
