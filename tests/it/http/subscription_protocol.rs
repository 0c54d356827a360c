//! `graphql-transport-ws` and event streams, message by message.

use std::time::Duration;

use futures_util::SinkExt as _;
use hyper::StatusCode;
use salesgraph::http::{RequestLimits, SubscriptionLimits};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::http::{TestServer, state};
use crate::support::socket::Socket;
use crate::support::{TestDb, database, fixture};

const LIMIT: Duration = Duration::from_secs(60);
const RUN: &str = "01990000-0000-7000-8000-000000000003";

async fn serve(db: &TestDb, limits: SubscriptionLimits) -> TestServer {
    TestServer::serve(state(&db.pool, RequestLimits::default()).with_subscriptions(limits)).await
}

fn follow(selection: &str) -> String {
    format!("subscription {{ loadRun(id: \"{RUN}\") {{ {selection} }} }}")
}

async fn begin_run(db: &TestDb) {
    let sql = format!(
        "INSERT INTO load_run (id, source_uri, holder) VALUES ('{RUN}', 's3://in/', 'host:1')"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&db.pool).await.unwrap();
}

async fn end_run(db: &TestDb) {
    let sql =
        "UPDATE load_run SET state = 'succeeded', finished_at = now() WHERE state = 'running'";
    sqlx::query(sql).execute(&db.pool).await.unwrap();
}

#[tokio::test]
async fn operations_of_every_kind_share_a_socket() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    begin_run(&db).await;
    // Only notifications make it read again.
    let limits = SubscriptionLimits { poll: Duration::from_secs(3600), ..Default::default() };
    let server = serve(&db, limits).await;
    let mut socket = Socket::begin(&server).await;
    socket.send(json!({ "type": "ping", "payload": { "a": 1 } })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong", "payload": { "a": 1 } }));
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong" }));

    socket.subscribe("run", &follow("state")).await;
    let next =
        |id: &str, data: Json| json!({ "type": "next", "id": id, "payload": { "data": data } });
    assert_eq!(socket.receive().await, next("run", json!({ "loadRun": { "state": "RUNNING" } })));

    let complete = |id: &str| json!({ "type": "complete", "id": id });
    socket.subscribe("query", "{ person(businessEntityId: 1) { firstName } }").await;
    assert_eq!(
        socket.receive().await,
        next("query", json!({ "person": { "firstName": "First1" } }))
    );
    assert_eq!(socket.receive().await, complete("query"));

    for (id, query, code) in [
        ("parse", "{", "GRAPHQL_PARSE_FAILED"),
        ("field", "{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("root", "subscription { loadRuns { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("kind", "mutation { nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        socket.subscribe(id, query).await;
        let message = socket.receive().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
        assert_eq!(message["payload"][0]["extensions"]["code"], code, "{message}");
    }

    // An id may be reused, even that of an operation which the client completed.
    socket.subscribe("again", &follow("state")).await;
    assert_eq!(socket.receive().await["id"], "again");
    socket.send(json!({ "type": "complete", "id": "again" })).await;
    socket.subscribe("again", "{ __typename }").await;
    assert_eq!(socket.receive().await, next("again", json!({ "__typename": "Query" })));
    assert_eq!(socket.receive().await, complete("again"));

    // A commit that does not change the selected fields sends nothing.
    sqlx::query("UPDATE load_run SET holder = 'host:2'").execute(&db.pool).await.unwrap();
    end_run(&db).await;
    assert_eq!(socket.receive().await, next("run", json!({ "loadRun": { "state": "SUCCEEDED" } })));
    assert_eq!(socket.receive().await, complete("run"));
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_disconnected() {
    let db = database().await;
    begin_run(&db).await;
    let limits =
        SubscriptionLimits { init_timeout: Duration::from_millis(10), ..Default::default() };
    let hasty = serve(&db, limits).await;
    assert_eq!(Socket::open(&hasty).await.closed().await, 4408);
    hasty.stop().await;

    let server = serve(&db, SubscriptionLimits::default()).await;
    let mut early = Socket::open(&server).await;
    early.subscribe("1", "{ __typename }").await;
    assert_eq!(early.closed().await, 4401);

    let mut twice = Socket::begin(&server).await;
    twice.send(json!({ "type": "connection_init" })).await;
    assert_eq!(twice.closed().await, 4429);

    let mut same = Socket::begin(&server).await;
    same.subscribe("1", &follow("id")).await;
    same.receive().await;
    same.subscribe("1", "{ __typename }").await;
    assert_eq!(same.closed().await, 4409);

    for wrong in [
        Message::text("no JSON"),
        Message::text(r#"{"type":"start","id":"1","payload":{"query":"{ __typename }"}}"#),
        Message::text(r#"{"type":"subscribe","payload":{"query":"{ __typename }"}}"#),
        Message::text(r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#),
        Message::binary(&br#"{"type":"ping"}"#[..]),
    ] {
        let mut socket = Socket::begin(&server).await;
        socket.0.send(wrong.clone()).await.unwrap();
        assert_eq!(socket.closed().await, 4400, "{wrong:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn open_connections_and_operations_are_limited() {
    let db = database().await;
    begin_run(&db).await;
    let limits = SubscriptionLimits { max: 3, operations: 2, ..Default::default() };
    let server = serve(&db, limits).await;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(Socket::begin(&server).await);
    }
    let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
    match Socket::handshake(&server, &protocol).await {
        Err(Error::Http(response)) => {
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        other => panic!("a fourth socket: {:?}", other.map(|_| ())),
    }

    let refused = |message: &Json| {
        assert_eq!(message["type"], "error", "{message}");
        assert_eq!(message["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{message}");
    };
    for id in ["1", "2"] {
        sockets[0].subscribe(id, &follow("id")).await;
        assert_eq!(sockets[0].receive().await["type"], "next");
    }
    sockets[0].subscribe("3", &follow("id")).await;
    refused(&sockets[0].receive().await);
    sockets[1].subscribe("1", &follow("id")).await;
    assert_eq!(sockets[1].receive().await["type"], "next");
    sockets[2].subscribe("1", "{ __typename }").await;
    refused(&sockets[2].receive().await);

    let events = [("accept", "text/event-stream"), ("content-type", "application/json")];
    let query = json!({ "query": follow("id") }).to_string();
    let answer = server.request("POST", "/graphql", &events, &query).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);

    // An operation that ends frees its slot.
    sockets[0].send(json!({ "type": "complete", "id": "1" })).await;
    sockets[0].subscribe("3", &follow("id")).await;
    assert_eq!(sockets[0].receive().await["type"], "next");
    server.stop().await;
}

#[tokio::test]
async fn a_disconnected_client_frees_its_slot() {
    let db = database().await;
    begin_run(&db).await;
    // Long enough for the socket of this test to be noticed.
    let keepalive = Duration::from_secs(2);
    let limits = SubscriptionLimits { max: 1, keepalive, ..Default::default() };
    let server = serve(&db, limits).await;
    let body = json!({ "query": follow("id") }).to_string();
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    let mut text = String::new();
    let mut buffer = [0; 1024];
    // The event, and then a keep-alive comment.
    while !(text.contains("event: next\n") && text.contains(":\n\n")) {
        let read =
            timeout(LIMIT, stream.read(&mut buffer)).await.expect("the stream is open").unwrap();
        assert!(read > 0, "{text}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    let mut socket = Socket::begin(&server).await;
    socket.subscribe("0", "{ __typename }").await;
    assert_eq!(socket.receive().await["type"], "error", "the stream has the only slot");

    drop(stream);
    let free = async {
        for id in 1.. {
            socket.subscribe(&id.to_string(), &follow("id")).await;
            if socket.receive().await["type"] == "next" {
                break;
            }
        }
    };
    timeout(LIMIT, free).await.expect("the slot of the stream is free again");
    drop(socket);
    let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
    let free = async { while Socket::handshake(&server, &protocol).await.is_err() {} };
    timeout(LIMIT, free).await.expect("the slot of the socket is free again");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected() {
    let db = database().await;
    let limits = SubscriptionLimits { keepalive: Duration::from_millis(20), ..Default::default() };
    let server = serve(&db, limits).await;
    // The client library answers pings only while it reads.
    let mut silent = Socket::begin(&server).await.0.into_inner();
    let mut bytes = Vec::new();
    timeout(LIMIT, silent.read_to_end(&mut bytes)).await.expect("it is disconnected").unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_stopping_server_closes_open_sockets() {
    let db = database().await;
    begin_run(&db).await;
    let server = serve(&db, SubscriptionLimits::default()).await;
    let mut idle = Socket::open(&server).await;
    let mut busy = Socket::begin(&server).await;
    busy.subscribe("1", &follow("state")).await;
    busy.receive().await;
    server.begin_stop();
    assert_eq!(idle.closed().await, 1001);
    assert_eq!(busy.closed().await, 1001);
    server.stop().await;
}

/// The only answer of a stream, without `extensions`.
fn only_event(text: &str) -> Json {
    let event = text.strip_prefix("event: next\ndata: ");
    let data = event.and_then(|event| event.strip_suffix("\n\nevent: complete\ndata: null\n\n"));
    let mut answer: Json = serde_json::from_str(data.expect(text)).expect(text);
    answer.as_object_mut().expect("an object").remove("extensions");
    answer
}

#[tokio::test]
async fn an_event_stream_is_one_operation() {
    let db = database().await;
    begin_run(&db).await;
    end_run(&db).await;
    let server = serve(&db, SubscriptionLimits::default()).await;
    let events = [("accept", "text/event-stream")];
    let post = [("accept", "text/event-stream"), ("content-type", "application/json")];
    let body = json!({ "query": follow("state") }).to_string();
    let expected = json!({ "data": { "loadRun": { "state": "SUCCEEDED" } } });
    let query = follow("state").replace(' ', "%20").replace('{', "%7B").replace('}', "%7D");
    let path = format!("/graphql?query={}", query.replace('"', "%22"));
    for answer in [
        server.request("POST", "/graphql", &post, &body).await,
        server.request("GET", &path, &events, "").await,
    ] {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.header("content-type"), "text/event-stream");
        assert_eq!(answer.header("cache-control"), "no-store, no-transform");
        assert_eq!(only_event(&answer.text), expected);
    }

    // Only clients that name event streams in `accept` get one.
    let both = [("accept", "application/json, text/event-stream"), post[1]];
    let answer = server.request("POST", "/graphql", &both, &body).await;
    assert_eq!(only_event(&answer.text), expected);
    let typename = json!({ "query": "{ __typename }" }).to_string();
    let answer = server.request("POST", "/graphql", &both, &typename).await;
    assert_eq!(answer.result(), json!({ "data": { "__typename": "Query" } }));
    let answer = server.request("POST", "/graphql", &post, &typename).await;
    assert_eq!(only_event(&answer.text), json!({ "data": { "__typename": "Query" } }));
    let any = [("accept", "*/*"), post[1]];
    let answer = server.request("POST", "/graphql", &any, &body).await;
    assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE);
    assert!(answer.text.contains("text/event-stream"), "{}", answer.text);
    let answer = server.request("GET", "/graphql?query=mutation%7Bx%7D", &events, "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    server.stop().await;
}
