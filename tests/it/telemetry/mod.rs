//! Metrics and traces of the program, as Prometheus and a collector get them.

mod ledger;
mod ops;
mod scrape;
mod traces;

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::TestApp;
use crate::support::http::{Answer, send};

/// The program must answer within this time.
const LIMIT: Duration = Duration::from_secs(120);

/// The lines that a program writes, as they come.
#[derive(Clone)]
struct Lines {
    all: Arc<Mutex<Vec<String>>>,
    count: watch::Receiver<usize>,
}

impl Lines {
    fn of(out: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let all = Arc::new(Mutex::new(Vec::new()));
        let (counted, count) = watch::channel(0);
        let lines = Arc::clone(&all);
        tokio::spawn(async move {
            let mut out = BufReader::new(out).lines();
            while let Ok(Some(line)) = out.next_line().await {
                lines.lock().expect("lock").push(line);
                counted.send_modify(|count| *count += 1);
            }
        });
        Self { all, count }
    }

    fn all(&self) -> Vec<String> {
        self.all.lock().expect("lock").clone()
    }

    /// Waits for what is found in the lines so far.
    async fn wait_for<T>(&self, what: &str, find: impl Fn(&[String]) -> Option<T>) -> T {
        let mut count = self.count.clone();
        let found = async {
            loop {
                count.mark_unchanged();
                if let Some(found) = find(&self.all()) {
                    return found;
                }
                count.changed().await.unwrap_or_else(|_| panic!("no {what} in {:#?}", self.all()));
            }
        };
        timeout(LIMIT, found).await.unwrap_or_else(|_| panic!("no {what} in {:#?}", self.all()))
    }
}

/// A running program, which is killed when dropped.
struct Program {
    _child: Child,
    out: Lines,
    log: Lines,
    /// Where metrics are.
    metrics: String,
}

impl Program {
    /// Starts it with metrics at a free port.
    async fn start(app: &TestApp, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let mut child = app
            .command()
            .args(arguments)
            .env("METRICS_BIND", "127.0.0.1:0")
            .env("LOAD_SCHEDULE", "off")
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = Lines::of(child.stdout.take().expect("its output"));
        let log = Lines::of(child.stderr.take().expect("its log"));
        let address = |lines: &[String]| {
            let line = lines.iter().find(|line| line.contains("metrics are at /metrics"))?;
            Some(line.rsplit_once("address=")?.1.trim().to_owned())
        };
        let metrics = log.wait_for("address of metrics", address).await;
        Self { _child: child, out, log, metrics }
    }

    /// A server and a worker.
    async fn serving(app: &TestApp, env: &[(&str, &str)]) -> Self {
        let arguments = ["serve", "--insecure-no-auth", "--with-worker", "--bind", "127.0.0.1:0"];
        Self::start(app, &arguments, env).await
    }

    /// Where the API is.
    async fn api(&self) -> String {
        let address = |lines: &[String]| {
            let line = lines.iter().find(|line| line.contains("/graphql"))?;
            Some(line.rsplit_once("http://")?.1.strip_suffix("/graphql")?.to_owned())
        };
        self.out.wait_for("address of the API", address).await
    }

    /// Sends a body of JSON to the API.
    async fn post(&self, body: &str, headers: &[(&str, &str)]) -> Answer {
        let api = self.api().await;
        let mut request = Request::post("/graphql")
            .header("host", "localhost")
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
        send(api.parse().expect("an address"), request).await
    }

    /// Asks the port of metrics.
    async fn get(&self, path: &str, accept: &str) -> Answer {
        let request = Request::get(path).header("host", "localhost").header("accept", accept);
        let request = request.body(Full::default()).expect("a request");
        send(self.metrics.parse().expect("an address"), request).await
    }

    /// The metrics as Prometheus gets them.
    async fn scrape(&self) -> scrape::Scraped {
        let answer = self.get("/metrics", "*/*").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        scrape::Scraped::of(&answer.text)
    }
}
