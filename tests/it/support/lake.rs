//! A lake, written by loads and read by other programs.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use salesgraph::config::Secret;
use salesgraph::lake::curated::{Curated, CuratedOptions, Prepared};
use salesgraph::load::{Outcome, RunAs, RunSummary};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::TestApp;
use super::python::{POSTGRES_JDBC, lake_readers};

const PROGRAM: &str = include_str!("lake.py");
/// How long snapshots are kept.
const DAY: Duration = Duration::from_secs(86_400);

/// As lakes are by default.
pub(crate) const USUAL: CuratedOptions = CuratedOptions { persons: false, snapshot_keep: DAY };

impl TestApp {
    /// The address of the lake.
    pub(crate) fn lake_uri(&self) -> String {
        format!("s3://{}/lake", self.bucket_name())
    }

    /// The lake.
    pub(crate) async fn curated(&self, options: CuratedOptions) -> Curated {
        Curated::connect(&self.lake_uri(), self.s3(), options).await.expect("a lake")
    }

    /// Loads from the bucket, and writes the lake.
    pub(crate) async fn load_lake(&self) -> RunSummary {
        self.load_lake_with(USUAL).await
    }

    /// Likewise, with other options of the lake.
    pub(crate) async fn load_lake_with(&self, options: CuratedOptions) -> RunSummary {
        let lake = Some(self.curated(options).await);
        let load = self.loader(|_| {}).await;
        let summary = load.run_as(RunAs { lake, ..RunAs::default() }).await.expect("the run ends");
        assert_eq!(summary.outcome, Outcome::Succeeded, "{:?}", summary.first_error());
        summary
    }

    /// The program, with the lake.
    pub(crate) fn lake_command(&self) -> Command {
        let mut command = self.command();
        command.env("LAKE_URI", self.lake_uri());
        command
    }

    /// URIs of all objects of the lake's tables.
    pub(crate) async fn lake_objects(&self) -> BTreeSet<String> {
        let (mut found, mut after) = (BTreeSet::new(), None::<String>);
        loop {
            let page = self.bucket.keys("lake/curated/", after.as_deref()).await.expect("keys");
            let Some(last) = page.last() else { return found };
            after = Some(last.clone());
            found.extend(page.iter().map(|key| format!("s3://{}/{key}", self.bucket_name())));
        }
    }

    /// A program that reads the lake with `PyIceberg` and others.
    pub(crate) async fn lake_reader(&self, for_what: &str) -> Option<LakeReader> {
        Some(LakeReader::start(self, lake_readers(for_what).await?))
    }
}

/// A Python program that reads the lake. It ends with the test.
pub(crate) struct LakeReader {
    /// Ends with this.
    _child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    errors: File,
}

/// Where the programs of engines are.
const ENGINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/engines");

impl LakeReader {
    fn start(app: &TestApp, python: &Path) -> Self {
        Self::run(app, Command::new(python).args(["-c", PROGRAM]))
    }

    /// The program of an engine, with a number of workers if it has any.
    pub(crate) fn engine(app: &TestApp, python: &Path, name: &str, workers: Option<u32>) -> Self {
        let mut command = Command::new(python);
        command.arg(format!("{ENGINES}/with_{name}.py")).args(workers.map(|it| it.to_string()));
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("POSTGRES_JDBC", POSTGRES_JDBC);
        Self::run(app, &mut command)
    }

    fn run(app: &TestApp, command: &mut Command) -> Self {
        with_lake(command, app);
        // Not a pipe, which nobody empties before it fails.
        let errors = tempfile::tempfile().expect("a file");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone().expect("the file"))
            .kill_on_drop(true)
            .spawn()
            .expect("Python starts");
        let questions = child.stdin.take().expect("an input");
        let answers = BufReader::new(child.stdout.take().expect("an output")).lines();
        Self { _child: child, questions, answers, errors }
    }

    /// Asks a function of the program.
    pub(crate) async fn ask(&mut self, question: &str, arguments: &[Value]) -> Value {
        let mut line = vec![json!(question)];
        line.extend_from_slice(arguments);
        let line = format!("{}\n", json!(line));
        // If it has failed, what it said tells why.
        let _ = self.questions.write_all(line.as_bytes()).await;
        if let Ok(Some(answer)) = self.answers.next_line().await {
            return serde_json::from_str(&answer).expect("JSON");
        }
        let mut said = String::new();
        self.errors.rewind().expect("the file");
        self.errors.read_to_string(&mut said).expect("UTF-8");
        panic!("{question} {arguments:?} failed:\n{said}");
    }

    /// Compares every row with Postgres, and tells the rows of each table.
    pub(crate) async fn compare(&mut self) -> Value {
        self.ask("compare", &[]).await
    }

    /// All objects that the tables refer to.
    pub(crate) async fn reachable(&mut self) -> BTreeSet<String> {
        serde_json::from_value(self.ask("reachable", &[]).await).expect("URIs")
    }
}

/// The catalogue's database, as programs in Python take it.
pub(crate) fn python_url(app: &TestApp) -> String {
    let url = app.database_url().replace("postgres://", "postgresql://");
    url.split('?').next().unwrap_or_default().to_owned()
}

/// Tells a program where the lake and its catalogue are.
pub(crate) fn with_lake(command: &mut Command, app: &TestApp) {
    let s3 = app.s3();
    let secret = s3.secret_access_key.as_ref().map(Secret::expose);
    command
        .env("TEST_DATABASE", python_url(app))
        .env(
            "PYICEBERG_CATALOG__SALESGRAPH__S3__ENDPOINT",
            s3.endpoint_url.as_deref().unwrap_or_default(),
        )
        .env("AWS_ENDPOINT_URL", s3.endpoint_url.as_deref().unwrap_or_default())
        .env("AWS_REGION", s3.region.as_deref().unwrap_or_default())
        .env("AWS_ACCESS_KEY_ID", s3.access_key_id.as_deref().unwrap_or_default())
        .env("AWS_SECRET_ACCESS_KEY", secret.unwrap_or_default());
}

/// What SQL says of the lines: how many, and their total, whole and by month.
pub(crate) async fn totals(app: &TestApp) -> Value {
    let sql = "WITH months AS (SELECT to_char(order_date, 'YYYY-MM') AS month, count(*) AS lines, \
                   sum(line_total) AS total \
               FROM sales_order_line JOIN sales_order USING (sales_order_id) GROUP BY 1) \
         SELECT json_build_object('lines', sum(lines), 'total', sum(total)::text, 'months', \
             json_object_agg(month, json_build_array(lines, total::text)))::text FROM months";
    let text: String = app.value(sql).await;
    serde_json::from_str(&text).expect("JSON")
}

/// A run that others think is under way.
pub(crate) async fn running(app: &TestApp) -> Uuid {
    let run = Uuid::now_v7();
    sqlx::query("INSERT INTO load_run (id, source_uri, holder) VALUES ($1, 'test', 'test')")
        .bind(run)
        .execute(&app.pool)
        .await
        .expect("a run");
    run
}

/// Writes what the lake lacks, without committing it.
pub(crate) async fn prepare(app: &TestApp, lake: &Curated, run: Uuid) -> Option<Prepared> {
    lake.prepare(&app.pool, run, &CancellationToken::new()).await.expect("it is prepared")
}
