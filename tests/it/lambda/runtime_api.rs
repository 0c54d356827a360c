//! The runtime API of Lambda, as its documentation describes it, and a function beside it.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use super::bootstrap;
use crate::support::TestApp;

/// For everything that a test waits for.
const LIMIT: Duration = Duration::from_secs(120);

/// An event with its id and deadline.
type Invocation = (String, Json, SystemTime);
/// The id of an invocation and its answer; an error is what the function reports as one.
type Answer = (String, Result<Json, Json>);

struct Shared {
    invocations: Mutex<mpsc::UnboundedReceiver<Invocation>>,
    answers: mpsc::UnboundedSender<Answer>,
}

/// A function that runs until it is dropped.
pub(super) struct Function {
    invocations: mpsc::UnboundedSender<Invocation>,
    answers: mpsc::UnboundedReceiver<Answer>,
    number: u32,
    log: BufReader<ChildStderr>,
    child: Child,
    _folder: TempDir,
}

impl Function {
    /// The program, started as Lambda starts it.
    pub(super) async fn start(app: &TestApp, environment: &[(&str, &str)]) -> Self {
        let (invocations, events) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        let address = serve(Shared { invocations: Mutex::new(events), answers: answered }).await;
        let folder = TempDir::new().expect("a folder");
        let configured = app.command();
        let configured = configured.as_std().get_envs();
        let mut child = Command::new(bootstrap(folder.path()))
            .env_clear()
            .envs(configured.filter_map(|(name, value)| value.map(|value| (name, value))))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "load")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("LOAD_BATCH_ROWS", "50")
            .env("RUST_LOG", "warn")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let log = BufReader::new(child.stderr.take().expect("its log"));
        Self { invocations, answers, number: 0, log, child, _folder: folder }
    }

    /// Begins an invocation that may take this long.
    pub(super) fn begin(&mut self, event: Json, time: Duration) {
        self.number += 1;
        let invocation = (self.number.to_string(), event, SystemTime::now() + time);
        self.invocations.send(invocation).expect("the API runs");
    }

    /// The answer to the invocation that was begun last.
    pub(super) async fn answer(&mut self) -> Result<Json, Json> {
        let (id, answer) = timeout(LIMIT, self.answers.recv()).await.expect("in time").unwrap();
        assert_eq!(id, self.number.to_string(), "another invocation is answered");
        answer
    }

    /// An invocation with the longest time that there is.
    pub(super) async fn invoke(&mut self, event: Json) -> Result<Json, Json> {
        self.begin(event, Duration::from_secs(900));
        self.answer().await
    }

    /// Reads the log until a line has this.
    pub(super) async fn logs(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            let read = timeout(LIMIT, self.log.read_line(&mut line)).await.expect("in time");
            assert_ne!(read.expect("UTF-8"), 0, "the function ended without logging '{text}'");
        }
    }

    /// The process.
    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

async fn serve(shared: Shared) -> SocketAddr {
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .with_state(Arc::new(shared));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Answers once there is an event, however long that takes.
async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let Some((id, event, deadline)) = shared.invocations.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:x:1:function:load".to_owned()),
    ];
    (headers, event.to_string()).into_response()
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    told(&shared, id, Ok(serde_json::from_slice(&body).expect("JSON")))
}

async fn error(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    told(&shared, id, Err(serde_json::from_slice(&body).expect("JSON")))
}

fn told(shared: &Shared, id: String, answer: Result<Json, Json>) -> StatusCode {
    shared.answers.send((id, answer)).expect("the test waits");
    StatusCode::ACCEPTED
}
