//! What a scrape of `/metrics` has.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use http_body_util::Full;
use hyper::Request;
use salesgraph::http::{Ledger, MetricsServer};
use salesgraph::telemetry::metrics::{Kind, names};
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::Program;
use crate::http::graphiql::on_path;
use crate::support::http::send;
use crate::support::{TestApp, sample};

/// The samples of a scrape.
pub(super) struct Scraped {
    text: String,
    /// By name and labels, as they are written.
    samples: BTreeMap<String, f64>,
}

impl Scraped {
    pub(super) fn of(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            (series.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
        });
        Self { text: text.to_owned(), samples: samples.collect() }
    }

    /// The value of a series.
    #[track_caller]
    pub(super) fn value(&self, series: &str) -> f64 {
        let found = self.samples.get(series);
        *found.unwrap_or_else(|| panic!("no {series} in:\n{}", self.text))
    }

    /// The value of a series; 0 without one.
    pub(super) fn count(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or_default()
    }

    /// The values of a label of a metric.
    pub(super) fn values(&self, name: &str, label: &str) -> BTreeSet<String> {
        let series = self.samples.keys().filter_map(|series| {
            let labels = series.strip_prefix(name)?.strip_prefix('{')?.strip_suffix('}')?;
            let mut labels = labels.split(',').filter_map(|label| label.split_once('='));
            labels.find_map(|(of, value)| (of == label).then(|| value.trim_matches('"').to_owned()))
        });
        series.collect()
    }

    /// Names and types, as they are said.
    fn types(&self) -> BTreeSet<(String, String)> {
        let said = self.text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        said.map(|said| {
            let (name, kind) = said.split_once(' ').expect("a name and a type");
            (name.to_owned(), kind.to_owned())
        })
        .collect()
    }
}

/// `promtool`; `None`, with a message, where it is missing, except where `CI` is set.
pub(super) fn promtool(for_what: &str) -> Option<Command> {
    let Some(promtool) = on_path("promtool") else {
        let missing = "promtool (Debian's package prometheus) is not on the PATH";
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("SKIPPED: {for_what}: {missing}");
        return None;
    };
    let mut command = Command::new(promtool);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

async fn lint(text: &str) {
    let Some(mut command) = promtool("the lint of metrics") else { return };
    let mut promtool = command.args(["check", "metrics"]).spawn().expect("promtool starts");
    let mut input = promtool.stdin.take().expect("its input");
    input.write_all(text.as_bytes()).await.expect("it reads");
    drop(input);
    let output = promtool.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.is_empty(), "promtool says:\n{said}\nof:\n{text}");
}

#[tokio::test]
async fn a_server_and_worker_expose_what_they_and_the_ledger_count() {
    let app = TestApp::start().await;
    sample::defective().put(&app, &sample::ALL).await;
    app.run(&["load"]).await.expect(3);
    let rejected: i64 = app.value("SELECT count(*) FROM load_reject").await;
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = folder.path().join("documents.json");
    let document = "query Names { products(first: 1) { nodes { name } } }";
    std::fs::write(&manifest, json!({ "a1": document }).to_string()).expect("a file");
    let manifest = manifest.to_str().expect("UTF-8");
    let program = Program::serving(&app, &[("HTTP_TRUSTED_DOCUMENTS", manifest)]).await;

    for body in [
        json!({ "documentId": "a1" }),
        json!({ "documentId": "a1" }),
        json!({ "query": "query Mine { products(first: 1) { nodes { name } } }" }),
        json!({ "query": "{ nothing }" }),
    ] {
        program.post(&body.to_string(), &[]).await;
    }
    let scraped = program.scrape().await;
    let requests = |labels: &str| format!("salesgraph_http_requests_total{{{labels}}}");
    for (labels, count) in [
        (r#"operation="Names",status="200",cache="miss""#, 1.0),
        (r#"operation="Names",status="200",cache="hit""#, 1.0),
        (r#"operation="other",status="200",cache="miss""#, 2.0),
    ] {
        assert_eq!(scraped.value(&requests(labels)), count, "{labels}");
    }
    let of = |name: &str, labels: &str| format!("{name}{{{labels}}}");
    for (series, count) in [
        (
            of(
                "salesgraph_http_request_duration_seconds_count",
                r#"operation="Names",cache="hit""#,
            ),
            1.0,
        ),
        (of("salesgraph_graphql_executions_total", r#"type="query",outcome="ok""#), 2.0),
        (of("salesgraph_graphql_executions_total", r#"type="query",outcome="refused""#), 1.0),
        (of("salesgraph_graphql_errors_total", r#"code="GRAPHQL_VALIDATION_FAILED""#), 1.0),
        (of("salesgraph_graphql_operation_cost_count", r#"operation="Names""#), 1.0),
        (of("salesgraph_load_runs_total", r#"state="succeeded_with_rejects""#), 1.0),
        (of("salesgraph_ledger_up", r#"part="loads""#), 1.0),
        (of("salesgraph_job_queue_jobs", r#"task="load",state="due""#), 0.0),
    ] {
        assert_eq!(scraped.value(&series), count, "{series}");
    }
    // The sizes of tables are read, too.
    for series in [
        of("salesgraph_db_statement_duration_seconds_count", r#"pool="main",outcome="ok""#),
        of("salesgraph_db_pool_wait_seconds_count", r#"pool="main""#),
        of("salesgraph_db_pool_max_connections", r#"pool="worker""#),
    ] {
        assert!(scraped.value(&series) >= 2.0, "{series}");
    }
    let rejects: f64 = scraped
        .samples
        .iter()
        .filter(|(series, _)| series.starts_with("salesgraph_load_rejects{"))
        .map(|(_, count)| count)
        .sum();
    assert_eq!(rejects, rejected as f64);
    assert!(rejects > 0.0);
    let read: i64 = app.value("SELECT sum(rows_read)::bigint FROM load_run_file").await;
    let outcomes = ["inserted", "updated", "unchanged", "rejected", "parked"];
    let told = outcomes.map(|outcome| {
        scraped.value(&of("salesgraph_load_rows_total", &format!("outcome=\"{outcome}\"")))
    });
    assert_eq!(told.iter().sum::<f64>(), read as f64);
    let version: i64 = app.value("SELECT version FROM data_version").await;
    assert_eq!(scraped.value("salesgraph_data_version"), version as f64);
    let age = scraped.value("salesgraph_load_last_success_age_seconds");
    assert!((0.0..3600.0).contains(&age), "{age}");
    assert!(scraped.value("process_resident_memory_bytes") > 1e6);
    assert!(scraped.value("process_open_fds") >= 3.0);

    // All that is documented is there, and nothing else, with its labels.
    let documented: BTreeSet<(String, String)> = names::ALL
        .iter()
        .map(|metric| (metric.name.to_owned(), metric.kind.as_str().to_owned()))
        .collect();
    assert_eq!(scraped.types(), documented);
    for series in scraped.samples.keys() {
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let metric = names::ALL.iter().find(|metric| match metric.kind {
            Kind::Histogram => name
                .strip_prefix(metric.name)
                .is_some_and(|end| ["_bucket", "_sum", "_count"].contains(&end)),
            _ => metric.name == name,
        });
        let metric = metric.unwrap_or_else(|| panic!("{series} is not described"));
        let labels =
            labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
        let labels: Vec<&str> =
            labels.map(|(label, _)| label).filter(|label| *label != "le").collect();
        assert_eq!(labels, metric.labels, "{series}");
    }
    lint(&scraped.text).await;
}

#[tokio::test]
async fn the_port_of_metrics_has_nothing_else_and_speaks_openmetrics_when_asked() {
    let app = TestApp::start().await;
    let program = Program::start(&app, &["worker"], &[]).await;
    let plain = program.get("/metrics", "text/plain").await;
    assert_eq!(plain.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let open = program.get("/metrics", "application/openmetrics-text; version=1.0.0, */*").await;
    assert!(open.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(open.text.ends_with("# EOF\n") && !plain.text.contains("# EOF"));
    for path in ["/", "/graphql", "/metrics/", "/health/ready"] {
        assert_eq!(program.get(path, "*/*").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_scrape_does_without_postgres_and_says_so() {
    let app = TestApp::start().await;
    let program = Program::start(&app, &["worker"], &[]).await;
    // Statements about jobs fail from here on.
    sqlx::query("ALTER TABLE job RENAME TO gone").execute(&app.pool).await.unwrap();
    let scraped = program.scrape().await;
    assert_eq!(scraped.value("salesgraph_ledger_up{part=\"queue\"}"), 0.0);
    assert_eq!(scraped.value("salesgraph_ledger_up{part=\"loads\"}"), 1.0);
    let is_queue = |series: &&String| series.starts_with("salesgraph_job_queue");
    assert_eq!(scraped.samples.keys().find(is_queue), None);
    assert_eq!(scraped.count("salesgraph_job_queue_jobs"), 0.0);
}

#[tokio::test]
async fn a_scrape_does_not_wait_for_a_postgres_that_never_answers() {
    // Connections are opened by the kernel, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let port = silent.local_addr().expect("an address").port();
    let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(port);
    let any = "127.0.0.1:0".parse().expect("an address");
    let server = MetricsServer::bind(any, Ledger::new(options, None)).await.expect("bind");
    let address = server.address().expect("an address");
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.serve(stop.clone()));
    let request = Request::get("/metrics").header("host", "localhost").body(Full::default());
    let answer = send(address, request.expect("a request")).await;
    let scraped = Scraped::of(&answer.text);
    for part in ["newest_load", "loads", "rejects", "queue", "data"] {
        assert_eq!(scraped.value(&format!("salesgraph_ledger_up{{part=\"{part}\"}}")), 0.0);
    }
    assert!(scraped.value("process_open_fds") >= 3.0);
    stop.cancel();
    serving.await.expect("it ends");
}

#[tokio::test]
async fn counters_begin_at_0_and_what_is_refused_or_canceled_counts() {
    let app = TestApp::start().await;
    let program = Program::serving(&app, &[("LIMITS_EXECUTION_TIME", "1s")]).await;
    let begun = program.scrape().await;
    for series in [
        r#"salesgraph_http_requests_total{operation="other",status="500",cache="none"}"#,
        r#"salesgraph_graphql_errors_total{code="UNAVAILABLE"}"#,
        r#"salesgraph_graphql_executions_total{type="query",outcome="canceled"}"#,
        r#"salesgraph_trace_spans_total{outcome="dropped"}"#,
        r#"salesgraph_db_statement_duration_seconds_count{pool="main",outcome="canceled"}"#,
    ] {
        assert_eq!(begun.value(series), 0.0, "{series}");
    }
    // Refused before anything is known of it.
    let request = Request::get("/graphql").header("host", "sales.example").body(Full::default());
    let api = program.api().await.parse().expect("an address");
    assert_eq!(send(api, request.expect("a request")).await.status, 403);
    // A statement that waits for a lock until the time is over.
    let mut lock = app.pool.begin().await.expect("begin");
    let locked = "LOCK TABLE product IN ACCESS EXCLUSIVE MODE";
    sqlx::query(locked).execute(&mut *lock).await.expect("lock");
    let late = program.post(r#"{"query":"{ products(first: 1) { nodes { name } } }"}"#, &[]).await;
    assert_eq!(late.json()["errors"][0]["extensions"]["code"], "TIMEOUT", "{}", late.text);
    lock.rollback().await.expect("rollback");
    let scraped = program.scrape().await;
    for series in [
        r#"salesgraph_http_requests_total{operation="none",status="403",cache="none"}"#,
        r#"salesgraph_graphql_errors_total{code="TIMEOUT"}"#,
        r#"salesgraph_graphql_executions_total{type="query",outcome="canceled"}"#,
        r#"salesgraph_db_statement_duration_seconds_count{pool="main",outcome="canceled"}"#,
    ] {
        assert_eq!(scraped.value(series), 1.0, "{series}");
    }
}
