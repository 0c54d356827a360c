//! A public API of rates whose next answers a test may choose, and what fetches from it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use chrono::Utc;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use salesgraph::config::{Config, ConfigSources, LoadMode, Overrides, RatesConfig};
use salesgraph::embedded::rates::answer;
use salesgraph::error::Result;
use salesgraph::graphql::Commands;
use salesgraph::http::RequestLimits;
use salesgraph::job::rates::{JobQueue, RefreshRates, StoreRates};
use salesgraph::job::{Task, Worker, WorkerOptions};
use salesgraph::lake::Lake;
use salesgraph::rates::{Fetcher, RatesRequest, RawQueue};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::TestApp;
use super::http::{TestServer, state};
use super::jobs::Working;

/// An answer that a test chose.
pub(crate) enum Next {
    /// This one.
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// None at all.
    Silence,
}

/// A body with the status 200.
pub(crate) fn body(body: &str) -> Next {
    Next::Answer { status: 200, headers: Vec::new(), body: body.to_owned() }
}

/// A status, with a header.
pub(crate) fn status(status: u16, header: &'static str, value: &str) -> Next {
    let headers = vec![(header, value.to_owned())];
    Next::Answer { status, headers, body: "sorry".to_owned() }
}

#[derive(Clone, Default)]
struct Shared {
    next: Arc<Mutex<VecDeque<Next>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

/// A server of rates. What is not chosen it generates.
pub(crate) struct RatesApi {
    pub(crate) address: SocketAddr,
    shared: Shared,
}

impl RatesApi {
    pub(crate) async fn start() -> Self {
        let shared = Shared::default();
        let router = Router::new().fallback(respond).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await.expect("serve") });
        Self { address, shared }
    }

    /// Chooses the next answers.
    pub(crate) fn next(&self, answers: impl IntoIterator<Item = Next>) {
        self.shared.next.lock().expect("lock").extend(answers);
    }

    /// Paths and queries of all requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().expect("lock").clone()
    }
}

async fn respond(State(shared): State<Shared>, url: Uri) -> Response {
    shared.requests.lock().expect("lock").push(url.to_string());
    let next = shared.next.lock().expect("lock").pop_front();
    let response = Response::builder();
    match next {
        Some(Next::Silence) => std::future::pending().await,
        Some(Next::Answer { status, headers, body }) => headers
            .iter()
            .fold(response.status(status), |response, (name, value)| response.header(*name, value))
            .body(Body::from(body))
            .expect("an answer"),
        None => {
            let answer = answer(&url, Utc::now().date_naive());
            let response = response.status(answer.status);
            let response = response.header("content-type", answer.content_type);
            response.body(Body::from(answer.body)).expect("an answer")
        }
    }
}

/// A database, a bucket with a lake, and a server of rates.
pub(crate) struct RatesApp {
    pub(crate) app: TestApp,
    pub(crate) api: RatesApi,
    pub(crate) config: RatesConfig,
    pub(crate) lake: Lake,
}

impl RatesApp {
    /// With the dialect of Frankfurter.
    pub(crate) async fn frankfurter() -> Self {
        Self::with("frankfurter", "/v1", &[]).await
    }

    /// With a dialect, the path of its API, and other settings.
    pub(crate) async fn with(dialect: &str, path: &str, settings: &[(&str, &str)]) -> Self {
        let app = TestApp::start().await;
        let api = RatesApi::start().await;
        let url = format!("http://{}{path}", api.address);
        let mut all =
            vec![("RATES_DIALECT", dialect), ("RATES_URL", &*url), ("RATES_ALLOW_PRIVATE", "true")];
        all.extend(settings);
        let config = config(&all);
        let lake = Lake::connect(&app.lake_uri(), app.s3()).await.expect("a lake");
        Self { app, api, config, lake }
    }

    /// A fetcher, with changed settings.
    pub(crate) fn fetcher(&self, change: impl FnOnce(&mut RatesConfig)) -> Fetcher {
        let mut config = self.config.clone();
        change(&mut config);
        Fetcher::new(&config, self.lake.clone()).expect("a fetcher")
    }

    /// Fetches some days; gives the raw answers that were queued.
    pub(crate) async fn fetch(&self, request: &RatesRequest) -> Vec<String> {
        let queued = Queued::default();
        let fetcher = self.fetcher(|_| {});
        fetcher.fetch(request, &queued, &CancellationToken::new()).await.expect("an answer");
        queued.take()
    }

    /// A worker that fetches and stores.
    pub(crate) fn work(&self) -> Working {
        let queue = Arc::new(JobQueue(self.app.pool.clone()));
        let refresh = RefreshRates { fetcher: self.fetcher(|_| {}), queue };
        let store = StoreRates { lake: self.lake.clone(), pool: self.app.pool.clone() };
        // None dies here: one that is only slow must not be taken for dead.
        let worker = Worker::new(self.app.pool.clone(), WorkerOptions::default())
            .handle(Task::RefreshRates, Arc::new(refresh))
            .handle(Task::StoreRates, Arc::new(store));
        Working::start(worker)
    }

    /// The API, with mutations.
    pub(crate) async fn serve(&self) -> TestServer {
        let commands = Commands::new(self.app.pool.clone())
            .with_loads(None, LoadMode::Merge)
            .with_rates(Some(self.config.clone()));
        let state = state(&self.app.pool, RequestLimits::default()).with_commands(commands);
        TestServer::serve(state).await
    }

    /// The keys of a part of the lake.
    pub(crate) async fn keys(&self, part: &str) -> Vec<String> {
        self.app.bucket.keys(&format!("lake/{part}/"), None).await.expect("a listing")
    }

    /// The bytes of an object.
    pub(crate) async fn bytes(&self, key: &str) -> Vec<u8> {
        self.app.bucket.get_bytes(key, 1 << 26).await.expect("an answer").expect("an object")
    }

    /// Rows of rates of an API: day, target and rate.
    pub(crate) async fn rows(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT concat_ws(' ', source, currency_rate_date::date, from_currency_code,
                 to_currency_code, trim_scale(published_rate))
             FROM currency_rate WHERE source <> 'csv'
             ORDER BY currency_rate_date, to_currency_code",
        )
        .fetch_all(&self.app.pool)
        .await
        .expect("the rows")
    }

    /// Reasons and parts of the failures.
    pub(crate) async fn failures(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT concat_ws(': ', reason, item) AS it FROM source_failure ORDER BY it",
        )
        .fetch_all(&self.app.pool)
        .await
        .expect("the failures")
    }
}

/// The configuration of rates with these variables.
pub(crate) fn config(variables: &[(&str, &str)]) -> RatesConfig {
    let env = |name: &str| {
        variables.iter().rev().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
    };
    let sources = ConfigSources { file: None, overrides: Overrides::default(), env };
    Config::load(&sources).expect("a configuration").rates
}

/// Rates of some days against the euro.
pub(crate) fn days(from: &str, to: &str, currencies: &[&str]) -> RatesRequest {
    RatesRequest {
        base: "EUR".to_owned(),
        currencies: currencies.iter().map(|code| (*code).to_owned()).collect(),
        from: from.parse().expect("a date"),
        to: to.parse().expect("a date"),
    }
}

/// A queue that only keeps what it takes.
#[derive(Default)]
pub(crate) struct Queued(Mutex<Vec<String>>);

impl Queued {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("lock"))
    }
}

impl RawQueue for Queued {
    fn put<'a>(&'a self, raw_uri: &'a str) -> BoxFuture<'a, Result<()>> {
        self.0.lock().expect("lock").push(raw_uri.to_owned());
        std::future::ready(Ok(())).boxed()
    }
}
