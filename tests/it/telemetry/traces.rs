//! Traces, decoded by OpenTelemetry's own definitions of the protocol.

use std::process::Stdio;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use super::{Lines, Program};
use crate::support::http::send;
use crate::support::{TestApp, fixture, python};

const RECEIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/telemetry/receiver.py");
/// Kinds of spans, as the protocol numbers them.
const SERVER: i64 = 2;
const CLIENT: i64 = 3;
const PRODUCER: i64 = 4;
const CONSUMER: i64 = 5;

/// What must not be in any span.
const SECRETS: [&str; 4] = ["bearer-of-secrets", "Confidential", "tax-secret", "whsec"];

/// A receiver of traces.
struct Collector {
    _child: Child,
    lines: Lines,
    endpoint: String,
}

impl Collector {
    async fn start() -> Option<Self> {
        let python = python::telemetry("traces").await?;
        let mut child = Command::new(python)
            .arg(RECEIVER)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the receiver starts");
        let lines = Lines::of(child.stdout.take().expect("its output"));
        let port = lines.wait_for("port", |lines| lines.first().cloned()).await;
        Some(Self { _child: child, lines, endpoint: format!("http://127.0.0.1:{port}") })
    }

    /// Waits for a span of a trace.
    async fn span(&self, trace: &str, what: &str, is_it: impl Fn(&Json) -> bool) -> Json {
        let find = |lines: &[String]| {
            let spans = lines.iter().skip(1).map(|line| serde_json::from_str(line).expect("JSON"));
            spans.into_iter().find(|span: &Json| span["trace"] == trace && is_it(span))
        };
        self.lines.wait_for(what, find).await
    }

    async fn named(&self, trace: &str, name: &str) -> Json {
        self.span(trace, name, |span| span["name"] == name).await
    }
}

/// A server that tells the headers of the notifications it gets.
async fn webhook() -> (String, mpsc::UnboundedReceiver<HeaderMap>) {
    async fn receive(State(to): State<mpsc::UnboundedSender<HeaderMap>>, headers: HeaderMap) {
        to.send(headers).expect("the test listens");
    }
    let (told, headers) = mpsc::unbounded_channel();
    let router = Router::new().fallback(receive).with_state(told);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let url = format!("http://{}/tax-secret", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("serve") });
    (url, headers)
}

fn environment<'a>(collector: &'a Collector, webhook: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-key=opensesame"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("WEBHOOK_URL", webhook),
        ("WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ]
}

#[tokio::test]
async fn a_trace_goes_through_request_statement_job_s3_and_webhook() {
    let Some(collector) = Collector::start().await else { return };
    let app = TestApp::start().await;
    fixture::insert(&app.pool).await;
    let (url, mut notifications) = webhook().await;
    let program = Program::serving(&app, &environment(&collector, &url)).await;

    // A request and its statement.
    let (trace, caller) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let parent = format!("00-{trace}-{caller}-01");
    let query = r#"query Confidential { products(filter: { name: { eq: "Confidential" } }) { nodes { name } } }"#;
    let headers = [("traceparent", parent.as_str()), ("authorization", "Bearer bearer-of-secrets")];
    let answer = program.post(&json!({ "query": query }).to_string(), &headers).await;
    assert_eq!(answer.json()["errors"], Json::Null, "{}", answer.text);
    assert!(answer.header("traceresponse").starts_with(&format!("00-{trace}-")));
    let request = collector.named(trace, "POST /graphql").await;
    assert_eq!(request["parent"], caller);
    assert_eq!(request["kind"], SERVER);
    assert_eq!(request["key"], "opensesame", "the collector's header");
    let attributes = &request["attributes"];
    for (name, value) in [
        ("http.request.method", json!("POST")),
        ("http.route", json!("/graphql")),
        ("http.response.status_code", json!(200)),
        ("graphql.operation.type", json!("query")),
        ("salesgraph.cache", json!("miss")),
    ] {
        assert_eq!(attributes[name], value, "{name} of {request}");
    }
    assert_eq!(request["resource"]["service.name"], "salesgraph");
    assert_eq!(request["resource"]["deployment.environment.name"], "test");
    let statement = collector.named(trace, "SELECT product").await;
    assert_eq!(statement["parent"], request["id"]);
    assert_eq!(statement["kind"], CLIENT);
    assert_eq!(statement["attributes"]["db.system.name"], "postgresql");
    assert_eq!(statement["attributes"]["db.query.summary"], "SELECT product");

    // A mutation, its job, what that does, and the job that tells of it.
    let (trace, caller) = ("1af7651916cd43dd8448eb211c80319d", "c7ad6b7169203332");
    let parent = format!("00-{trace}-{caller}-01");
    let mutation = r#"mutation { requestReport(input: { kind: PRODUCTS, project: "Confidential" }) { report { id } } }"#;
    let headers = [("traceparent", parent.as_str()), ("tracestate", "vendor=ofcaller")];
    let answer = program.post(&json!({ "query": mutation }).to_string(), &headers).await;
    assert_eq!(answer.json()["errors"], Json::Null, "{}", answer.text);
    let request = collector.named(trace, "POST /graphql").await;
    let queued = collector.named(trace, "send report").await;
    assert_eq!((&queued["parent"], &queued["kind"]), (&request["id"], &json!(PRODUCER)));
    let run = collector.named(trace, "process report").await;
    assert_eq!((&run["parent"], &run["kind"]), (&queued["id"], &json!(CONSUMER)));
    assert_eq!(run["attributes"]["messaging.destination.name"], "report");
    let call = collector.named(trace, "S3.PutObject").await;
    assert_eq!((&call["parent"], &call["kind"]), (&run["id"], &json!(CLIENT)));
    assert_eq!(call["attributes"]["rpc.method"], "PutObject");
    let is_statement = |span: &Json| span["attributes"]["db.system.name"] == "postgresql";
    let statement = collector.span(trace, "statement of the report", is_statement).await;
    assert_eq!(statement["kind"], CLIENT);
    let told = collector.named(trace, "send notify").await;
    assert_eq!(told["parent"], run["id"]);
    let notify = collector.named(trace, "process notify").await;
    assert_eq!(notify["parent"], told["id"]);
    let post = collector.named(trace, "POST").await;
    assert_eq!(post["parent"], notify["id"]);
    let headers = notifications.recv().await.expect("a notification");
    let sent = format!("00-{trace}-{}-01", post["id"].as_str().expect("an id"));
    assert_eq!(headers["traceparent"], sent, "the context goes out");
    assert!(!headers.contains_key("tracestate"), "that of the caller does not");

    // Lines of the log name the trace.
    let line = |lines: &[String]| {
        let of = |part: &str| {
            lines
                .iter()
                .any(|line| line.contains(part) && line.contains(&format!("trace_id=\"{trace}\"")))
        };
        (of("answered") && of("the job ends")).then_some(())
    };
    program.log.wait_for("trace id in lines of the log", line).await;
    for line in collector.lines.all() {
        for secret in SECRETS {
            assert!(!line.contains(secret), "{secret} is in {line}");
        }
        assert!(!line.contains("\"events\": [\""), "{line}");
    }
}

#[tokio::test]
async fn a_one_shot_load_is_a_trace_that_is_sent_before_it_ends() {
    let Some(collector) = Collector::start().await else { return };
    let app = TestApp::start().await;
    crate::support::sample::clean().put(&app, &[crate::support::sample::PERSON]).await;
    let output = app
        .command()
        .arg("load")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint)
        .env("OTEL_SERVICE_NAME", "nightly")
        .output()
        .await
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let find = |lines: &[String]| {
        let spans = lines.iter().skip(1).map(|line| serde_json::from_str(line).expect("JSON"));
        spans.into_iter().find(|span: &Json| span["name"] == "load")
    };
    let load = collector.lines.wait_for("span of the load", find).await;
    assert_eq!(load["resource"]["service.name"], "nightly");
    let trace = load["trace"].as_str().expect("a trace");
    for call in ["S3.ListObjectsV2", "S3.GetObject"] {
        let call = collector.named(trace, call).await;
        assert_eq!(call["parent"], load["id"]);
    }
}

#[tokio::test]
async fn a_command_that_fails_is_a_failed_trace_and_methods_are_of_few() {
    let Some(collector) = Collector::start().await else { return };
    let app = TestApp::start().await;
    let output = app
        .command()
        .args(["rejects", "show", "1:1"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint)
        .output()
        .await
        .expect("the program starts");
    assert!(!output.status.success());
    let find = |lines: &[String]| {
        let spans = lines.iter().skip(1).map(|line| serde_json::from_str(line).expect("JSON"));
        spans.into_iter().find(|span: &Json| span["name"] == "rejects")
    };
    let root = collector.lines.wait_for("span of the command", find).await;
    assert_eq!(root["status"], 2, "{root}");
    assert_ne!(root["attributes"]["error.type"], Json::Null, "{root}");

    let program = Program::serving(&app, &environment(&collector, "http://127.0.0.1:9/")).await;
    let trace = "2af7651916cd43dd8448eb211c80319e";
    let request = Request::builder()
        .method("SECRETS")
        .uri("/graphql")
        .header("host", "localhost")
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
        .body(Full::default())
        .expect("a request");
    send(program.api().await.parse().expect("an address"), request).await;
    let request = collector.named(trace, "HTTP /graphql").await;
    assert_eq!(request["attributes"]["http.request.method"], "_OTHER");
}

#[tokio::test]
async fn a_collector_that_is_down_is_logged_once_and_costs_nothing_else() {
    let app = TestApp::start().await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let endpoint = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let env =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "20")];
    let program = Program::serving(&app, &env).await;
    let is_warned = |lines: &[String]| {
        lines
            .iter()
            .any(|line| line.contains("spans cannot be sent to the collector"))
            .then_some(())
    };
    let answer = program.post(r#"{"query":"{ __typename }"}"#, &[]).await;
    assert_eq!(answer.status, 200);
    program.log.wait_for("warning", is_warned).await;
    for _ in 0..20 {
        assert_eq!(program.post(r#"{"query":"{ __typename }"}"#, &[]).await.status, 200);
    }
    let lines = program.log.all();
    let warnings = lines.iter().filter(|line| line.contains("spans cannot be sent")).count();
    assert_eq!(warnings, 1, "{lines:#?}");
    assert!(program.scrape().await.count("salesgraph_trace_spans_total{outcome=\"failed\"}") > 0.0);
}

#[tokio::test]
async fn spans_that_a_hanging_collector_has_no_room_for_are_counted() {
    let app = TestApp::start().await;
    // Connections are opened by the kernel, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let endpoint = format!("http://{}", silent.local_addr().expect("an address"));
    let env =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_MAX_QUEUE_SIZE", "4")];
    let program = Program::serving(&app, &env).await;
    for _ in 0..20 {
        let headers = [("tracestate", "vendor=1")];
        assert_eq!(program.post(r#"{"query":"{ __typename }"}"#, &headers).await.status, 200);
    }
    let scraped = program.scrape().await;
    let spans =
        |outcome| scraped.value(&format!("salesgraph_trace_spans_total{{outcome=\"{outcome}\"}}"));
    assert_eq!(spans("exported"), 0.0);
    assert!(spans("dropped") > 0.0, "of 20 spans 4 may wait");
}
