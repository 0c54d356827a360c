//! WebSockets and event streams: the token in `connection_init`, and the end of it.

use std::time::Duration;

use salesgraph::auth::{Access, ApiKeys, RefreshTimes, api_key};
use salesgraph::config::RateConfig;
use salesgraph::http::{RateLimits, RequestLimits, SubscriptionLimits};
use serde_json::{Value as Json, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::signing::Key;
use super::{LIMIT, api_keys, claims, in_seconds, serve, shared_secret};
use crate::support::http::{TestServer, state};
use crate::support::socket::Socket;
use crate::support::{TestDb, database};

const SECRET: &str = "a secret of more than thirty-two bytes";
const RUN: &str = "01990000-0000-7000-8000-000000000003";
const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

fn token(changes: Json) -> String {
    let key = Key::Secret(SECRET.as_bytes().to_vec());
    let Json::Object(changes) = changes else { panic!("no object: {changes}") };
    let mut all = json!({ "scope": "loads:read sales:read", "territories": null });
    all.as_object_mut().expect("an object").extend(changes);
    key.token("any", &claims(all))
}

async fn access(db: &TestDb) -> Access {
    let issuers = [shared_secret(super::ISSUER, SECRET)];
    let keys = Some(ApiKeys::new(db.pool.clone()));
    Access::control(&issuers, keys, RefreshTimes::default()).await.expect("access control")
}

/// A run that does not end, to subscribe to.
async fn begin_run(db: &TestDb) {
    let sql = format!(
        "INSERT INTO load_run (id, source_uri, holder) VALUES ('{RUN}', 's3://in/', 'host:1')"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&db.pool).await.expect("a run");
}

fn follow() -> String {
    format!("subscription {{ loadRun(id: \"{RUN}\") {{ state }} }}")
}

async fn init(server: &TestServer, headers: &[(&str, &str)], payload: Option<Json>) -> Socket {
    let headers = [&[PROTOCOL], headers].concat();
    let mut socket = Socket::handshake(server, &headers).await.expect("the handshake succeeds");
    let mut message = json!({ "type": "connection_init" });
    if let Some(payload) = payload {
        message["payload"] = payload;
    }
    socket.send(message).await;
    socket
}

#[tokio::test]
async fn a_socket_takes_its_token_from_connection_init() {
    let db = database().await;
    let server = serve(&db, &access(&db).await).await;
    let good = format!("Bearer {}", token(json!({})));
    let bad = format!("Bearer {}", token(json!({ "exp": 1 })));
    let header = ("authorization", &*good);
    for (headers, payload) in [
        (&[][..], Some(json!({ "Authorization": good }))),
        (&[], Some(json!({ "authorization": good, "client": "mine" }))),
        (&[], Some(json!({ "headers": { "Authorization": good } }))),
        (&[header], None),
        (&[header], Some(json!({}))),
        (&[("authorization", &*bad)], Some(json!({ "Authorization": good }))),
    ] {
        let mut socket = init(&server, headers, payload.clone()).await;
        assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }), "{payload:?}");
        socket.subscribe("1", "{ __typename }").await;
        assert_eq!(socket.receive().await["payload"]["data"], json!({ "__typename": "Query" }));
    }
    for (headers, payload) in [
        (&[][..], None),
        (&[], Some(json!({}))),
        (&[], Some(json!({ "Authorization": bad }))),
        (&[], Some(json!({ "Authorization": good.trim_start_matches("Bearer ") }))),
        (&[], Some(json!({ "Authorization": [good] }))),
        (&[], Some(json!({ "token": good }))),
        (&[], Some(json!({ "Authorization": good, "headers": { "Authorization": good } }))),
        (&[header], Some(json!({ "Authorization": bad }))),
    ] {
        let mut socket = init(&server, headers, payload.clone()).await;
        match socket.message().await {
            Message::Close(Some(frame)) => {
                let (code, reason) = (u16::from(frame.code), frame.reason.to_string());
                assert_eq!((code, &*reason), (4401, "Unauthorized"), "{payload:?}");
            }
            other => panic!("{payload:?}: {other:?}"),
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_socket_is_closed_when_its_token_ends() {
    let db = database().await;
    begin_run(&db).await;
    let server = serve(&db, &access(&db).await).await;
    // Two seconds are left of the leeway.
    let short = format!("Bearer {}", token(json!({ "exp": in_seconds(-28) })));
    let mut socket = init(&server, &[], Some(json!({ "Authorization": short }))).await;
    assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
    socket.subscribe("1", &follow()).await;
    assert_eq!(socket.receive().await["payload"]["data"]["loadRun"]["state"], "RUNNING");
    assert_eq!(socket.closed().await, 4403);
    let mut again = init(&server, &[], Some(json!({ "Authorization": short }))).await;
    assert_eq!(again.closed().await, 4401);
    server.stop().await;
}

/// Reads an event stream to its end.
async fn stream(server: &TestServer, token: &str) -> String {
    let authorization = format!("Bearer {token}");
    let headers = [
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("authorization", &*authorization),
    ];
    let body = json!({ "query": follow() }).to_string();
    let stream = server.request("POST", "/graphql", &headers, &body);
    timeout(LIMIT, stream).await.expect("the stream ends").text
}

#[tokio::test]
async fn an_event_stream_ends_with_its_token_and_is_not_complete() {
    let db = database().await;
    begin_run(&db).await;
    let server = serve(&db, &access(&db).await).await;
    let text = stream(&server, &token(json!({ "exp": in_seconds(-28) }))).await;
    assert!(text.contains("RUNNING") && !text.contains("event: complete"), "{text}");
    server.stop().await;
}

#[tokio::test]
async fn what_a_key_has_opened_ends_soon_after_its_revocation() {
    let db = database().await;
    let access = access(&db).await;
    // Nothing is executed again, so only the key can end them.
    let limits = SubscriptionLimits { poll: Duration::from_secs(3_600), ..Default::default() };
    let state = state(&db.pool, RequestLimits::default()).with_subscriptions(limits);
    let server = TestServer::serve(state.with_access(access)).await;
    let (id, text) = api_keys::make(&db, None).await;
    let payload = json!({ "Authorization": format!("Bearer {text}") });
    let mut socket = init(&server, &[], Some(payload.clone())).await;
    assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
    api_key::revoke(&db.pool, &id).await.expect("revoked");
    assert_eq!(timeout(LIMIT, socket.closed()).await.expect("it is closed"), 4403);
    let mut again = init(&server, &[], Some(payload)).await;
    assert_eq!(again.closed().await, 4401);
    server.stop().await;
}

/// A handshake through a proxy from this address; or the status of its refusal.
async fn handshake(server: &TestServer, address: &str) -> Result<Socket, u16> {
    match Socket::handshake(server, &[PROTOCOL, ("x-forwarded-for", address)]).await {
        Ok(socket) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

async fn authenticate(socket: &mut Socket, subject: &str) {
    let authorization = format!("Bearer {}", token(json!({ "sub": subject })));
    let payload = json!({ "Authorization": authorization });
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
}

#[tokio::test]
async fn who_has_no_token_takes_no_place_of_those_who_have() {
    let db = database().await;
    let limits = SubscriptionLimits {
        max: 4,
        init_timeout: Duration::from_secs(3_600),
        ..Default::default()
    };
    let state = state(&db.pool, RequestLimits::default())
        .with_subscriptions(limits)
        .with_rate_limits(RateLimits::new(RateConfig::default(), 1))
        .with_access(access(&db).await);
    let server = TestServer::serve(state).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(handshake(&server, "198.51.100.1").await.expect("some may wait"));
    }
    assert_eq!(handshake(&server, "198.51.100.1").await.err(), Some(503));

    let mut open = Vec::new();
    for subject in ["a", "a", "b"] {
        let mut socket = handshake(&server, "198.51.100.2").await.expect("of another address");
        authenticate(&mut socket, subject).await;
        assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }), "{subject}");
        open.push(socket);
    }
    let mut third = handshake(&server, "198.51.100.2").await.expect("its caller is unknown");
    authenticate(&mut third, "a").await;
    assert_eq!(third.closed().await, 1013, "one credential has half of all");
    authenticate(&mut silent[0], "b").await;
    assert_eq!(silent[0].receive().await, json!({ "type": "connection_ack" }));
    authenticate(&mut silent[1], "c").await;
    assert_eq!(silent[1].closed().await, 1013, "all are taken");
    assert_eq!(handshake(&server, "198.51.100.3").await.err(), Some(503));

    drop((open, silent));
    let free = async { while handshake(&server, "198.51.100.1").await.is_err() {} };
    timeout(LIMIT, free).await.expect("the places are free again");
    server.stop().await;
}
