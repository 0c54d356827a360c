//! Reports of a test: an engine that takes requests, a worker that makes them, and the bucket
//! they go to.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Variables};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use salesgraph::auth::{Grants, Scope};
use salesgraph::graphql::errors::settle;
use salesgraph::graphql::{Commands, Engine, Limits};
use salesgraph::http::{AppState, RequestLimits};
use salesgraph::job::{MakeReport, SweepReports, Task, Worker, WorkerOptions};
use salesgraph::query::Reader;
use salesgraph::report::Reports;
use salesgraph::storage::{Bucket, Links, ObjectVersion, S3Settings, Source};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::TestApp;
use super::http::{CACHE_BYTES, state};

/// Beyond this a report is not waited for any more.
const DEADLINE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(20);

/// What is selected of a report.
const REPORT: &str = "id state kind format key version rowCount byteSize sha256 dataVersion \
                      current requestedBy organization project error { code message } \
                      progress { rows bytes } downloadUrl";

/// Reports on the database and the bucket of a test.
pub(crate) struct TestReports {
    pub(crate) app: TestApp,
    pub(crate) engine: Engine,
    pub(crate) reports: Reports,
    worker: Option<(JoinHandle<()>, CancellationToken)>,
}

impl TestReports {
    pub(crate) async fn without_worker(app: TestApp, min_interval: Duration) -> Self {
        let s3 = app.s3().clone();
        Self::over(app, &s3, min_interval).await
    }

    /// Reports that reach S3 in another way.
    pub(crate) async fn over(app: TestApp, s3: &S3Settings, min_interval: Duration) -> Self {
        let reports = reports(&app, s3, min_interval).await;
        let engine = engine(&app, &reports);
        Self { app, engine, reports, worker: None }
    }

    /// A server's state, with a cache.
    pub(crate) fn state(&self) -> AppState {
        let state = state(&self.app.pool, RequestLimits::default()).with_cache(CACHE_BYTES);
        state.with_commands(commands(&self.app, &self.reports))
    }

    pub(crate) fn start_worker(&mut self) {
        let stop = CancellationToken::new();
        let worker = worker(&self.app, &self.reports);
        let stopped = stop.clone();
        let task = tokio::spawn(async move { worker.run(stopped).await.expect("the worker ends") });
        self.worker = Some((task, stop));
    }

    pub(crate) async fn stop_worker(&mut self) {
        if let Some((task, stop)) = self.worker.take() {
            stop.cancel();
            task.await.expect("the worker ends");
        }
    }

    /// Data and errors of a request.
    pub(crate) async fn ask(&self, scope: &Scope, query: &str, variables: Json) -> Json {
        let request = Request::new(query).variables(Variables::from_json(variables));
        let mut answer = self.engine.execute(self.engine.prepare(request), scope).await;
        settle(&mut answer.errors, "test");
        serde_json::from_slice(&answer.to_json().expect("JSON")).expect("JSON")
    }

    /// Asks for a report: the payload of the mutation.
    pub(crate) async fn request(&self, scope: &Scope, input: Json) -> Json {
        let answer = self.try_request(scope, input.clone()).await;
        assert_eq!(answer["errors"], Json::Null, "{input}");
        answer["data"]["requestReport"].clone()
    }

    pub(crate) async fn try_request(&self, scope: &Scope, input: Json) -> Json {
        let query = format!(
            "mutation($input: RequestReportInput!) {{ requestReport(input: $input) \
             {{ reused nextAllowedAt report {{ {REPORT} }} }} }}"
        );
        self.ask(scope, &query, json!({ "input": input })).await
    }

    /// Code and message of the only error of a request.
    pub(crate) async fn refusal(&self, scope: &Scope, input: Json) -> (String, String) {
        let answer = self.try_request(scope, input.clone()).await;
        assert_eq!(answer["data"]["requestReport"], Json::Null, "{input}");
        let error = &answer["errors"][0];
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        (text(&error["extensions"]["code"]), text(&error["message"]))
    }

    /// A report as it is now; null if the caller sees none.
    pub(crate) async fn report(&self, scope: &Scope, id: &Json) -> Json {
        let query =
            format!("query($id: ID!) {{ node(id: $id) {{ ... on Report {{ {REPORT} }} }} }}");
        let answer = self.ask(scope, &query, json!({ "id": id })).await;
        assert_eq!(answer["errors"], Json::Null);
        answer["data"]["node"].clone()
    }

    /// Waits until a report has ended.
    pub(crate) async fn ended(&self, scope: &Scope, id: &Json) -> Json {
        let begun = Instant::now();
        loop {
            let report = self.report(scope, id).await;
            if !["QUEUED", "RUNNING"].iter().any(|state| report["state"] == *state) {
                return report;
            }
            assert!(begun.elapsed() < DEADLINE, "the report does not end: {report}");
            sleep(LOOK).await;
        }
    }

    /// Asks for a report and waits until it is made.
    pub(crate) async fn make(&self, scope: &Scope, input: Json) -> Json {
        let requested = self.request(scope, input.clone()).await;
        let report = self.ended(scope, &requested["report"]["id"]).await;
        assert_eq!(report["state"], "SUCCEEDED", "{input}: {report}");
        report
    }

    /// The file of a report, as the link gives it. Its size and hash are those of the report.
    pub(crate) async fn file(&self, report: &Json) -> Bytes {
        let link = report["downloadUrl"].as_str().unwrap_or_else(|| panic!("no link: {report}"));
        let bytes = download(link).await.1;
        assert_eq!(report["byteSize"].as_u64(), Some(bytes.len() as u64), "{report}");
        assert_eq!(report["sha256"].as_str(), Some(&*sha256(&bytes)), "{report}");
        bytes
    }

    /// The records of a CSV file, its header first.
    pub(crate) async fn records(&self, report: &Json) -> Vec<Vec<String>> {
        let bytes = self.file(report).await;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
        let records = reader
            .records()
            .map(|record| record.expect("CSV").iter().map(str::to_owned).collect::<Vec<_>>());
        records.collect()
    }

    /// All objects of reports.
    pub(crate) async fn objects(&self) -> Vec<ObjectVersion> {
        let uri = self.app.reports_uri().parse().expect("a URI");
        let source = Source::connect(&uri, self.app.s3()).await.expect("S3");
        let (mut listing, mut objects) = (source.list(), Vec::new());
        while let Some(page) = listing.next_page().await.expect("a page") {
            objects.extend(page);
        }
        objects
    }

    /// Uploads that are not finished.
    pub(crate) async fn open_uploads(&self) -> Vec<(String, String)> {
        self.app.bucket.open_uploads("relatorios", None).await.expect("S3").0
    }
}

/// The reports of a test's bucket.
pub(crate) async fn reports(app: &TestApp, s3: &S3Settings, min_interval: Duration) -> Reports {
    let name = app.bucket_name();
    let bucket = Bucket::connect(name, s3).await.expect("a bucket's client");
    let links = Links::connect(name, app.s3()).await.expect("a client");
    Reports::new(bucket, links, "relatorios", min_interval)
}

/// An engine of a server of its own.
pub(crate) fn engine(app: &TestApp, reports: &Reports) -> Engine {
    let commands = commands(app, reports);
    Engine::new(Reader::new(app.pool.clone()), Limits::default()).with_commands(commands)
}

fn commands(app: &TestApp, reports: &Reports) -> Commands {
    Commands::new(app.pool.clone()).with_reports(Some(reports.clone()))
}

/// A worker with a pool of its own, as the program's.
fn worker(app: &TestApp, reports: &Reports) -> Worker {
    let pool = PgPoolOptions::new().max_connections(12).connect_lazy_with(app.database());
    let engine = Engine::new(Reader::new(pool.clone()), Limits::default());
    let reports = reports.clone();
    let sweep = SweepReports { reports: reports.clone(), pool: pool.clone() };
    let make = MakeReport { reports, pool: pool.clone(), rows: Arc::new(engine) };
    Worker::new(pool, WorkerOptions::default())
        .handle(Task::Report, Arc::new(make))
        .handle(Task::SweepReports, Arc::new(sweep))
}

/// A partner with these scopes and territories.
pub(crate) fn partner(org: &str, grants: &str, territories: Option<&[i32]>) -> Scope {
    let grants = Grants::known_in(&format!("reports:read reports:write {grants}"));
    Scope::new(Some(org.to_owned()), grants, territories.map(<[i32]>::to_vec))
}

/// Status and body of a plain HTTP address.
pub(crate) async fn download(url: &str) -> (u16, Bytes) {
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let (host, path) = rest.split_once('/').expect("a path");
    let stream = TcpStream::connect(host).await.expect("connect");
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.expect("handshake");
    tokio::spawn(connection);
    let request = hyper::Request::get(format!("/{path}")).header("host", host);
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    let response = client.send_request(request).await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.into_body().collect().await.expect("a body").to_bytes())
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
