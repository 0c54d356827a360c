//! A server of an issuer's keys.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use salesgraph::config::JwksLocation;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// What it answers.
#[derive(Clone)]
pub(super) enum Reply {
    Keys(Vec<Json>),
    Text(String),
    Status(StatusCode),
    Redirect(String),
}

/// A running server, stopped when dropped.
pub(super) struct KeyServer {
    shared: Arc<Shared>,
    pub(super) origin: String,
    task: JoinHandle<()>,
}

struct Shared {
    reply: Mutex<Reply>,
    /// Requests to `/keys`, and to any other path.
    asked: [AtomicUsize; 2],
    /// A request waits for a permit of it.
    gate: Semaphore,
}

impl KeyServer {
    pub(super) async fn start(reply: Reply) -> Self {
        let shared = Arc::new(Shared {
            reply: Mutex::new(reply),
            asked: Default::default(),
            gate: Semaphore::new(1_000_000),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("serve") });
        Self { shared, origin, task }
    }

    pub(super) fn location(&self) -> JwksLocation {
        JwksLocation::Url(format!("{}/keys", self.origin).parse().expect("a URL"))
    }

    pub(super) fn reply(&self, reply: Reply) {
        *self.shared.reply.lock().expect("lock") = reply;
    }

    /// Requests for the keys so far.
    pub(super) fn fetches(&self) -> usize {
        self.shared.asked[0].load(Ordering::SeqCst)
    }

    /// Requests for anything else.
    pub(super) fn others(&self) -> usize {
        self.shared.asked[1].load(Ordering::SeqCst)
    }

    /// Lets requests wait.
    pub(super) fn hold(&self) {
        self.shared.gate.forget_permits(1_000_000);
    }

    /// Answers them.
    pub(super) fn release(&self) {
        self.shared.gate.add_permits(1_000_000);
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    shared.asked[usize::from(uri.path() != "/keys")].fetch_add(1, Ordering::SeqCst);
    let _permit = shared.gate.acquire().await.expect("never closed");
    let reply = shared.reply.lock().expect("lock").clone();
    match reply {
        Reply::Keys(keys) => json!({ "keys": keys }).to_string().into_response(),
        Reply::Text(text) => text.into_response(),
        Reply::Status(status) => status.into_response(),
        Reply::Redirect(to) => (StatusCode::FOUND, [(LOCATION, to)]).into_response(),
    }
}
