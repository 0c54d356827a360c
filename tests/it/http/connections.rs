//! Connections: their time, how many there may be, and clients that send or take too little.

use std::process::Stdio;
use std::time::Duration;

use hyper::StatusCode;
use salesgraph::http::{RequestLimits, ServerOptions};
use serde_json::{Value as Json, json};
use sqlx::Executor as _;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;

use crate::support::http::{TestServer, state};
use crate::support::{TestApp, TestDb, database, fixture};

const LONG: Duration = Duration::from_secs(600);
pub(super) const HEALTH: &str = "GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n";
pub(super) const PERSONS: &str = r#"{"query":"{ persons { totalCount } }"}"#;

/// Nothing ends by time.
pub(super) fn patient() -> ServerOptions {
    ServerOptions {
        header_timeout: LONG,
        idle_timeout: LONG,
        half_closed_timeout: LONG,
        ..ServerOptions::default()
    }
}

async fn start(options: ServerOptions) -> (TestDb, TestServer) {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let server = TestServer::serve_with(state(&db.pool, RequestLimits::default()), options).await;
    (db, server)
}

/// A connection on which this was sent.
pub(super) async fn connection(server: &TestServer, sent: &str) -> TcpStream {
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(sent.as_bytes()).await.unwrap();
    client
}

/// Everything until the server closes. A reset is a close, too.
pub(super) async fn rest(client: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let _ = client.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// Reads until this has arrived.
pub(super) async fn until(client: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        let byte = client.read_u8().await.unwrap_or_else(|error| panic!("{error} after {text}"));
        text.push(char::from(byte));
    }
    text
}

/// A connection whose request is being handled: its body never comes.
async fn busy(server: &TestServer) -> TcpStream {
    let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 50\r\nexpect: 100-continue\r\n\r\n";
    let mut client = connection(server, head).await;
    until(&mut client, "100 Continue\r\n\r\n").await;
    client
}

#[tokio::test]
async fn a_head_has_its_time() {
    let header_timeout = Duration::from_millis(50);
    let (_db, server) = start(ServerOptions { header_timeout, ..patient() }).await;
    for sent in ["", "GET", "GET /health/live HTTP/1.1\r\nhost: localhost\r\nx-slow: "] {
        let mut client = connection(&server, sent).await;
        assert_eq!(rest(&mut client).await, "", "{sent:?}");
    }
    // After a request, from the first byte of the next one.
    let mut client = connection(&server, HEALTH).await;
    until(&mut client, "\"alive\"}").await;
    client.write_all(b"GET /").await.unwrap();
    assert_eq!(rest(&mut client).await, "");
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let idle_timeout = Duration::from_millis(50);
    let (_db, server) = start(ServerOptions { idle_timeout, ..patient() }).await;
    let mut client = connection(&server, HEALTH).await;
    assert!(rest(&mut client).await.starts_with("HTTP/1.1 200 OK"));
    server.stop().await;
}

#[tokio::test]
async fn idle_connections_make_room() {
    let (_db, server) = start(ServerOptions { connections_max: 4, ..patient() }).await;
    let mut first = connection(&server, HEALTH).await;
    until(&mut first, "\"alive\"}").await;
    let mut idle = Vec::new();
    for sent in ["", "GET", "POST /graphql HTTP/1.1\r\n"].into_iter().cycle().take(120) {
        idle.push(connection(&server, sent).await);
        let health = server.get("/health/live").await;
        assert_eq!(health.status, StatusCode::OK);
    }
    assert_eq!(server.post("*/*", PERSONS).await.status, StatusCode::OK);
    assert_eq!(rest(&mut first).await, "");
    assert_eq!(rest(&mut idle[0]).await, "");
    server.stop().await;
}

#[tokio::test]
async fn health_is_answered_when_all_connections_are_busy() {
    let (_db, server) = start(ServerOptions { connections_max: 3, ..patient() }).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(busy(&server).await);
    }
    // More of them than the reserve has.
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(connection(&server, "").await);
        let ready = server.get("/health/ready").await;
        assert_eq!(ready.status, StatusCode::OK);
        assert_eq!(ready.header("connection"), "close");
    }
    let refused = server.post("*/*", PERSONS).await;
    let found = (refused.status, refused.code());
    assert_eq!(found, (StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("x-content-type-options"), "nosniff");
    drop(all.pop());
    while server.post("*/*", PERSONS).await.status != StatusCode::OK {}
    drop(all);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_closes_its_sending_side_gets_its_response() {
    let (db, server) = start(patient()).await;
    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{PERSONS}",
        PERSONS.len()
    );
    let mut client = connection(&server, &request).await;
    client.shutdown().await.unwrap();
    // The server has seen the end long before the statement waits.
    let blocked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                   AND wait_event_type = 'Lock' AND query LIKE '%person%'";
    while sqlx::query_scalar::<_, i64>(blocked).fetch_one(&db.pool).await.unwrap() == 0 {}
    lock.rollback().await.unwrap();
    let answer = rest(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("\"totalCount\":60"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn the_head_of_a_request_is_limited() {
    let (_db, server) = start(patient()).await;
    let long = format!("GET /health/live HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    let mut client = TcpStream::connect(server.address).await.unwrap();
    // It may be closed before all is sent.
    let _ = client.write_all(long.as_bytes()).await;
    let mut begin = [0; 12];
    let read = client.read_exact(&mut begin).await;
    assert!(read.is_err() || &begin == b"HTTP/1.1 431", "{begin:?}");
    server.stop().await;
}

#[tokio::test]
async fn waiting_connections_are_closed_when_the_server_stops() {
    let (_db, server) = start(patient()).await;
    let mut fresh = connection(&server, "").await;
    let mut idle = connection(&server, HEALTH).await;
    until(&mut idle, "\"alive\"}").await;
    server.begin_stop();
    assert_eq!(rest(&mut fresh).await, "");
    assert_eq!(rest(&mut idle).await, "");
    server.stop().await;
}

#[tokio::test]
async fn the_log_tells_that_connections_were_closed_for_others() {
    let app = TestApp::start().await;
    let mut server = app
        .command()
        .args(["serve", "--insecure-no-auth", "--bind", "127.0.0.1:0"])
        .env("HTTP_CONNECTIONS_MAX", "2")
        .env("RUST_LOG", "warn")
        .env("LOG_FORMAT", "json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut out = BufReader::new(server.stdout.take().expect("stdout")).lines();
    let mut log = BufReader::new(server.stderr.take().expect("stderr")).lines();
    let line = out.next_line().await.expect("a line").expect("an address");
    let address = line.split('/').find(|part| part.starts_with("127.")).expect("an address");
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(TcpStream::connect(address).await.expect("connect"));
    }
    loop {
        let line = log.next_line().await.expect("a line").expect("the log tells it");
        if line.contains("connections were closed") {
            let entry: Json = serde_json::from_str(&line).expect("JSON");
            assert_eq!((&entry["count"], &entry["most"]), (&json!(1), &json!(2)), "{line}");
            break;
        }
    }
}
