//! What a mutation has begun, beyond its request.

use std::time::Duration;

use futures_util::FutureExt as _;
use salesgraph::http::RequestLimits;
use serde_json::{Value as Json, json};
use sqlx::{Executor as _, Postgres, Transaction};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::mutation::with_rejects;
use crate::support::TestApp;
use crate::support::commands::{ask, commands, state_with_commands};
use crate::support::http::{TestServer, state};
use crate::support::socket::Socket;

const REPLAY: &str = "mutation { replayRejects(input: {}) { loadRun { id state } } }";

const RUNNING: &str = "SELECT count(*) = 1 FROM load_run WHERE state = 'running'";
const ENDED: &str = "SELECT count(*) = 0 FROM load_run WHERE state = 'running'";
const STATE: &str = "SELECT state FROM load_run ORDER BY id DESC LIMIT 1";

/// Keeps a replay before its first reject.
async fn halted(app: &TestApp) -> Transaction<'static, Postgres> {
    let mut lock = app.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE load_reject IN ACCESS EXCLUSIVE MODE").await.unwrap();
    lock
}

#[tokio::test]
async fn a_run_goes_on_when_its_client_disconnects() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let lock = halted(&app).await;
    let body = json!({ "query": REPLAY }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    app.wait_until(RUNNING).await;
    drop(client);

    // It holds the lock of all runs, which is a conflict to a client.
    let second = ask(&server, REPLAY, Json::Null).await;
    assert_eq!(second.code(), "CONFLICT", "{}", second.text);
    assert!(second.text.contains("another run holds the lock"), "{}", second.text);
    lock.rollback().await.unwrap();
    app.wait_until(ENDED).await;
    assert_eq!(app.value::<String>(STATE).await, "succeeded_with_rejects");
    app.wait_until_no_loader().await;
    assert_eq!(ask(&server, REPLAY, Json::Null).await.json()["errors"], Json::Null);
    server.stop().await;
}

#[tokio::test]
async fn a_run_that_takes_long_is_answered_while_it_runs() {
    let app = with_rejects().await;
    let commands = commands(&app, Duration::from_millis(200), &CancellationToken::new());
    let state = state(&app.pool, RequestLimits::default()).with_commands(commands.clone());
    let server = TestServer::serve(state).await;
    let lock = halted(&app).await;
    let answer = ask(&server, REPLAY, Json::Null).await.json();
    let run = &answer["data"]["replayRejects"]["loadRun"];
    assert_eq!(run["state"], "RUNNING", "{answer}");
    assert!(commands.ended().now_or_never().is_none());

    let mut socket = Socket::begin(&server).await;
    let query = format!("subscription {{ loadRun(id: {}) {{ state }} }}", run["id"]);
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
    let mut states = Vec::new();
    let mut lock = Some(lock);
    loop {
        let told = socket.receive().await;
        if told["type"] == "complete" {
            break;
        }
        states.push(told["payload"]["data"]["loadRun"]["state"].clone());
        if let Some(lock) = lock.take() {
            lock.rollback().await.unwrap();
        }
    }
    assert_eq!(states, ["RUNNING", "SUCCEEDED_WITH_REJECTS"]);
    commands.ended().await;
    server.stop().await;
}

#[tokio::test]
async fn a_run_is_ended_when_the_server_stops() {
    let app = with_rejects().await;
    let stop = CancellationToken::new();
    let commands = commands(&app, Duration::from_secs(15), &stop);
    let state = state(&app.pool, RequestLimits::default()).with_commands(commands.clone());
    let server = TestServer::serve(state).await;
    let lock = halted(&app).await;
    let (answer, ()) = tokio::join!(ask(&server, REPLAY, Json::Null), async {
        app.wait_until(RUNNING).await;
        stop.cancel();
        lock.rollback().await.unwrap();
    });
    commands.ended().await;
    let run = answer.json()["data"]["replayRejects"]["loadRun"].clone();
    assert_eq!(run["state"], "FAILED", "{}", answer.text);
    let code: String = app.value("SELECT error_code FROM load_run ORDER BY id DESC LIMIT 1").await;
    assert_eq!(code, "CONFLICT");
    app.assert_ledger_holds("after an interrupted replay").await;
    server.stop().await;
}

#[tokio::test]
async fn a_mutation_runs_once_over_sockets_and_event_streams() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let runs = "SELECT count(*) FROM load_run WHERE source_uri = 'rejects:replay'";

    let mut socket = Socket::begin(&server).await;
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": REPLAY } })).await;
    let told = socket.receive().await;
    let state = &told["payload"]["data"]["replayRejects"]["loadRun"]["state"];
    assert_eq!(state, "SUCCEEDED_WITH_REJECTS", "{told}");
    assert_eq!(socket.receive().await, json!({ "id": "1", "type": "complete" }));
    assert_eq!(app.value::<i64>(runs).await, 1);

    let headers = [("accept", "text/event-stream"), ("content-type", "application/json")];
    let body = json!({ "query": REPLAY }).to_string();
    let answer = server.request("POST", "/graphql", &headers, &body).await;
    assert_eq!(answer.text.matches("event: next").count(), 1, "{}", answer.text);
    assert!(answer.text.contains("SUCCEEDED_WITH_REJECTS"), "{}", answer.text);
    assert_eq!(app.value::<i64>(runs).await, 2);
    server.stop().await;
}
