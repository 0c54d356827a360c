//! A running server and a client of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use salesgraph::db::data_version::DataVersions;
use salesgraph::http::{AppState, RequestLimits, ServerOptions, serve_with};
use serde_json::Value;
use sqlx::PgPool;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::TestDb;

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    ended: JoinHandle<salesgraph::error::Result<()>>,
}

/// The program's default.
pub(crate) const CACHE_BYTES: usize = 32 << 20;

/// A state over a pool, without a cache.
pub(crate) fn state(pool: &PgPool, limits: RequestLimits) -> AppState {
    let versions = DataVersions::start(pool, pool.connect_options().as_ref().clone());
    AppState::new(pool.clone(), versions, Default::default(), limits)
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: hyper::HeaderMap,
    /// Empty if the body is not UTF-8.
    pub(crate) text: String,
    pub(crate) bytes: bytes::Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// Data and errors, without `extensions`.
    pub(crate) fn result(&self) -> Value {
        let mut json = self.json();
        if let Some(answer) = json.as_object_mut() {
            answer.remove("extensions");
        }
        json
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        let json = self.json();
        json["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl TestServer {
    pub(crate) async fn start(db: &TestDb, limits: RequestLimits) -> Self {
        Self::serve(state(&db.pool, limits).with_cache(CACHE_BYTES)).await
    }

    /// A server with this state.
    pub(crate) async fn serve(state: impl Into<Arc<AppState>>) -> Self {
        Self::serve_with(state, ServerOptions::default()).await
    }

    /// Likewise, that treats connections so.
    pub(crate) async fn serve_with(
        state: impl Into<Arc<AppState>>,
        options: ServerOptions,
    ) -> Self {
        let state: Arc<AppState> = state.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(serve_with(listener, state, options, async move {
            let _ = stopped.await;
        }));
        Self { address, stop: Mutex::new(Some(stop)), ended }
    }

    /// Asks it to stop.
    pub(crate) fn begin_stop(&self) {
        drop(self.stop.lock().expect("lock").take());
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(self) {
        self.begin_stop();
        self.ended.await.expect("join").expect("serve");
    }

    pub(crate) async fn send(&self, request: Request<Full<bytes::Bytes>>) -> Answer {
        send(self.address, request).await
    }

    /// Sends a request with these headers and a `host`.
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.request_as("localhost", method, path, headers, body).await
    }

    /// Likewise, with this `host`.
    pub(crate) async fn request_as(
        &self,
        host: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Full::from(body.to_owned())).expect("request")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, accept: &str, body: &str) -> Answer {
        let headers = [(CONTENT_TYPE.as_str(), "application/json"), (ACCEPT.as_str(), accept)];
        self.request("POST", "/graphql", &headers, body).await
    }
}

/// Sends a query to the server at a base URL and reads its JSON.
pub(crate) async fn post_to(base_url: &str, query: &str) -> Value {
    let host = base_url.strip_prefix("http://").expect("plain HTTP");
    send_to(host, host, None, query).await.json()
}

/// Likewise with a token.
pub(crate) async fn post_as(base_url: &str, token: &str, query: &str) -> Value {
    let host = base_url.strip_prefix("http://").expect("plain HTTP");
    send_to(host, host, Some(token), query).await.json()
}

/// Sends a query to an address, under this host and with a token if there is one.
pub(crate) async fn send_to(address: &str, host: &str, token: Option<&str>, query: &str) -> Answer {
    let mut request =
        Request::post("/graphql").header("host", host).header(CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = Full::from(serde_json::json!({ "query": query }).to_string());
    send(address.parse().expect("an address"), request.body(body).expect("a request")).await
}

/// Sends a request to an address.
pub(crate) async fn send(address: SocketAddr, request: Request<Full<bytes::Bytes>>) -> Answer {
    let stream = TcpStream::connect(address).await.expect("connect");
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.expect("handshake");
    tokio::spawn(connection);
    let response = client.send_request(request).await.expect("answer");
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.expect("body").to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap_or_default();
    Answer { status: head.status, headers: head.headers, text, bytes }
}
