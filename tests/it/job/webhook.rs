//! Notifications to a real server, which checks their signatures.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use salesgraph::config::{LoadMode, Secret};
use salesgraph::error::Code;
use salesgraph::job::loads::{NewLoad, start_load};
use salesgraph::job::webhook::{LoadEnds, Notifier, Webhook, WebhookOptions};
use salesgraph::job::{Task, Worker};
use serde_json::{Value as Json, json};
use standardwebhooks::Webhook as Verifier;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::TestApp;
use crate::support::jobs::{Working, loads, quick, with_loads};
use crate::support::sample::{self, PERSON};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request that was received.
struct Received {
    id: String,
    body: Json,
}

#[derive(Clone)]
struct Receiver {
    answers: Arc<Mutex<Vec<StatusCode>>>,
    received: mpsc::UnboundedSender<Received>,
}

/// A server that gives these answers, the last first, then 204.
async fn receiver(answers: &[StatusCode]) -> (String, mpsc::UnboundedReceiver<Received>) {
    let (received, requests) = mpsc::unbounded_channel();
    let answers = Arc::new(Mutex::new(answers.to_vec()));
    let router = Router::new().fallback(receive).with_state(Receiver { answers, received });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("serve") });
    (url, requests)
}

async fn receive(State(to): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let verifier = Verifier::new(SECRET).expect("a secret");
    verifier.verify(&body, &headers).expect("the signature is right");
    let id = headers["webhook-id"].to_str().expect("text").to_owned();
    let body = serde_json::from_slice(&body).expect("JSON");
    to.received.send(Received { id, body }).expect("the test listens");
    to.answers.lock().expect("lock").pop().unwrap_or(StatusCode::NO_CONTENT)
}

fn options(url: &str, secret: &str) -> WebhookOptions {
    WebhookOptions {
        url: Secret::new(url),
        secret: Secret::new(secret),
        timeout: Duration::from_secs(10),
    }
}

#[tokio::test]
async fn the_end_of_a_load_is_told_until_it_is_taken() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON]).await;
    let (url, mut requests) =
        receiver(&[StatusCode::FOUND, StatusCode::INTERNAL_SERVER_ERROR]).await;
    let webhook = Webhook::new(&options(&url, SECRET)).expect("a webhook");
    let ending = Arc::new(LoadEnds(Notifier::new(true)));
    let loads = loads(&app, Some(ending)).await;
    let worker = with_loads(Worker::new(app.pool.clone(), quick()), &loads);
    let worker = Working::start(worker.handle(Task::Notify, Arc::new(webhook)));
    let source = app.source_uri();
    let new = NewLoad { source: &source, mode: LoadMode::Merge, check: false, key: None };
    let run = start_load(&mut app.pool.acquire().await.unwrap(), new).await.unwrap().unwrap();

    let mut ids = Vec::new();
    for attempt in 1..=3 {
        let Received { id, mut body } = requests.recv().await.expect("a notification");
        body["timestamp"]
            .take()
            .as_str()
            .expect("a time")
            .parse::<chrono::DateTime<chrono::Utc>>()
            .expect("RFC 3339");
        let data = json!({
            "id": run, "state": "SUCCEEDED", "mode": "MERGE", "check": false,
            "filesFound": 1, "filesSkipped": 0, "errorCode": null,
        });
        let expected = json!({ "type": "load.succeeded", "timestamp": null, "data": data });
        assert_eq!(body, expected, "attempt {attempt}");
        ids.push(id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "all attempts have one id");
    app.wait_until("SELECT state = 'succeeded' AND attempts = 3 FROM job WHERE task = 'notify'")
        .await;
    worker.stop().await;

    // A load in the foreground is told of as well, and one that fails.
    app.bucket.put_bytes("incoming/Person.Person.csv", b"no header\n".to_vec()).await.unwrap();
    let output = app
        .command()
        .arg("load")
        .env("WEBHOOK_URL", &url)
        .env("WEBHOOK_SECRET", SECRET)
        .output()
        .await
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let told: Json =
        app.value("SELECT payload FROM job WHERE task = 'notify' ORDER BY id DESC LIMIT 1").await;
    assert_eq!((&told["type"], &told["data"]["state"]), (&json!("load.failed"), &json!("FAILED")));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_not_asked_again() {
    let app = TestApp::start().await;
    let (url, mut requests) = receiver(&[StatusCode::GONE]).await;
    let webhook = Webhook::new(&options(&url, SECRET)).expect("a webhook");
    let worker = Working::on(&app, Task::Notify, Arc::new(webhook));
    let event = salesgraph::job::webhook::Event {
        kind: salesgraph::job::webhook::EventKind::ReportSucceeded,
        at: chrono::Utc::now(),
        data: json!({ "id": 1 }),
    };
    let mut connection = app.pool.acquire().await.unwrap();
    Notifier::new(false).notify(&mut connection, &event).await.unwrap();
    Notifier::new(true).notify(&mut connection, &event).await.unwrap();
    drop(connection);
    assert_eq!(requests.recv().await.expect("a notification").body["type"], "report.succeeded");
    app.wait_until(
        "SELECT state = 'failed' AND attempts = 1 AND error_code = 'NOT_FOUND' FROM job",
    )
    .await;
    worker.stop().await;
}

#[test]
fn neither_url_nor_secret_is_shown() {
    for (url, secret) in [("no url with hunter2", SECRET), ("http://host/", "hunter2, no base64")] {
        let error = Webhook::new(&options(url, secret)).expect_err("refused");
        assert_eq!(error.code(), Code::Config);
        assert!(!error.detail().contains("hunter2"), "{}", error.detail());
    }
    let shown = format!("{:?}", Webhook::new(&options("http://host/hunter2", SECRET)));
    assert!(shown.contains("host") && !shown.contains("hunter2"), "{shown}");
}
