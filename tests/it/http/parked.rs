//! Connections that wait for their next request, parked as soon as they have answered.

use std::sync::Arc;
use std::time::Duration;

use salesgraph::http::{AppState, RequestLimits, ServerOptions};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::yield_now;

use super::connections::{HEALTH, PERSONS, connection, patient, rest, until};
use super::tls;
use crate::support::http::{TestServer, state};
use crate::support::socket::Socket;
use crate::support::{TestDb, database, fixture};

const ALIVE: &str = "\"alive\"}";

/// Nothing ends by time, and every connection is parked once it has answered.
fn parking() -> ServerOptions {
    ServerOptions { park_after: Duration::ZERO, ..patient() }
}

struct Started {
    _db: TestDb,
    state: Arc<AppState>,
    server: TestServer,
}

impl Started {
    async fn with(options: ServerOptions) -> Self {
        let db = database().await;
        fixture::insert(&db.pool).await;
        let state = Arc::new(state(&db.pool, RequestLimits::default()));
        let server = TestServer::serve_with(Arc::clone(&state), options).await;
        Self { _db: db, state, server }
    }

    /// Waits until so many connections are active, and so many parked.
    async fn has(&self, active: u32, parked: u32) {
        let now = || (self.state.active_connections(), self.state.parked_connections());
        while now() != (active, parked) {
            yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_parked_connection_answers_its_next_requests() {
    let started = Started::with(parking()).await;
    let mut client = connection(&started.server, HEALTH).await;
    until(&mut client, ALIVE).await;
    // More than is read while it is parked.
    let query = format!(r#"{{"query":"{{ persons {{ totalCount }} }}{}"}}"#, " ".repeat(20_000));
    for body in [PERSONS, &query, PERSONS] {
        started.has(0, 1).await;
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        client.write_all(request.as_bytes()).await.unwrap();
        let answer = until(&mut client, "\"totalCount\":60").await;
        assert!(answer.contains("HTTP/1.1 200 OK"), "{answer}");
        started.has(0, 1).await;
    }
    started.server.stop().await;
}

#[tokio::test]
async fn a_parked_connection_of_tls_answers_and_is_closed_properly() {
    let files = tls::files();
    let certificate = files.replace();
    let tls = Some(Arc::new(files.open().unwrap()));
    let started = Started::with(ServerOptions { tls, ..parking() }).await;
    let mut client = tls::connect(&started.server, &certificate).await.unwrap();
    for _ in 0..3 {
        client.write_all(HEALTH.as_bytes()).await.unwrap();
        until(&mut client, ALIVE).await;
        started.has(0, 1).await;
    }
    started.server.begin_stop();
    // Without the alert that closes it this would be an error.
    assert_eq!(client.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    started.server.stop().await;
}

#[tokio::test]
async fn what_came_with_a_request_is_not_lost() {
    let started = Started::with(parking()).await;
    // More than hyper answers without a break, and a half.
    let (half, other) = HEALTH.split_at(30);
    let mut client = connection(&started.server, &(HEALTH.repeat(100) + half)).await;
    for _ in 0..100 {
        until(&mut client, ALIVE).await;
    }
    started.has(1, 0).await;
    client.write_all(other.as_bytes()).await.unwrap();
    until(&mut client, ALIVE).await;
    started.has(0, 1).await;
    started.server.stop().await;
}

#[tokio::test]
async fn a_head_has_its_time_after_parking_and_so_has_one_that_came_with_a_request() {
    let header_timeout = Duration::from_millis(200);
    let started = Started::with(ServerOptions { header_timeout, ..parking() }).await;
    let mut client = connection(&started.server, HEALTH).await;
    until(&mut client, ALIVE).await;
    started.has(0, 1).await;
    client.write_all(b"GET /").await.unwrap();
    assert_eq!(rest(&mut client).await, "");
    let mut client = connection(&started.server, &format!("{HEALTH}GET /")).await;
    until(&mut client, ALIVE).await;
    assert_eq!(rest(&mut client).await, "");
    started.has(0, 0).await;
    started.server.stop().await;
}

#[tokio::test]
async fn a_parked_connection_is_closed_when_it_has_been_idle_too_long() {
    let idle_timeout = Duration::from_secs(1);
    let started = Started::with(ServerOptions { idle_timeout, ..parking() }).await;
    let mut client = connection(&started.server, HEALTH).await;
    until(&mut client, ALIVE).await;
    started.has(0, 1).await;
    assert_eq!(rest(&mut client).await, "");
    started.has(0, 0).await;
    started.server.stop().await;
}

#[tokio::test]
async fn parked_connections_make_room() {
    let started = Started::with(ServerOptions { connections_max: 2, ..parking() }).await;
    let mut first = connection(&started.server, HEALTH).await;
    until(&mut first, ALIVE).await;
    started.has(0, 1).await;
    let mut second = connection(&started.server, HEALTH).await;
    until(&mut second, ALIVE).await;
    started.has(0, 2).await;
    let mut third = connection(&started.server, HEALTH).await;
    until(&mut third, ALIVE).await;
    assert_eq!(rest(&mut first).await, "");
    started.has(0, 2).await;
    for client in [&mut second, &mut third] {
        client.write_all(HEALTH.as_bytes()).await.unwrap();
        until(client, ALIVE).await;
    }
    started.server.stop().await;
}

#[tokio::test]
async fn a_parked_connection_ends_with_its_client_or_the_server() {
    let started = Started::with(parking()).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = connection(&started.server, HEALTH).await;
        until(&mut client, ALIVE).await;
        clients.push(client);
    }
    started.has(0, 3).await;
    drop(clients.pop());
    started.has(0, 2).await;
    let mut half = clients.pop().unwrap();
    half.shutdown().await.unwrap();
    assert_eq!(rest(&mut half).await, "");
    started.has(0, 1).await;
    started.server.begin_stop();
    assert_eq!(rest(&mut clients.pop().unwrap()).await, "");
    started.has(0, 0).await;
    started.server.stop().await;
}

#[tokio::test]
async fn a_client_that_has_closed_its_sending_side_is_not_parked() {
    let started = Started::with(parking()).await;
    let mut client = connection(&started.server, HEALTH).await;
    client.shutdown().await.unwrap();
    let answer = rest(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(ALIVE), "{answer}");
    started.has(0, 0).await;
    started.server.stop().await;
}

#[tokio::test]
async fn a_parked_connection_becomes_a_socket() {
    let started = Started::with(parking()).await;
    let mut client = connection(&started.server, HEALTH).await;
    until(&mut client, ALIVE).await;
    started.has(0, 1).await;
    let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
    let mut socket = Socket::handshake_over(client, &protocol).await.unwrap();
    socket.send(json!({ "type": "connection_init", "payload": {} })).await;
    assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
    started.has(1, 0).await;
    drop(socket);
    started.has(0, 0).await;
    started.server.stop().await;
}
