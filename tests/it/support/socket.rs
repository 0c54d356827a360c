//! A client of `graphql-transport-ws`.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::http::TestServer;

const LIMIT: Duration = Duration::from_secs(60);

/// A message without the `extensions` of its answer.
fn without_extensions(text: &str) -> Json {
    let mut message: Json = serde_json::from_str(text).expect("JSON");
    let payload = message.get_mut("payload").and_then(Json::as_object_mut);
    if let Some(mut extensions) = payload.and_then(|payload| payload.remove("extensions")) {
        assert!(extensions["dataVersion"].take().is_i64(), "{extensions}");
        assert!(extensions["cost"]["estimate"].is_u64(), "{extensions}");
    }
    message
}

/// A connection.
pub(crate) struct Socket(pub(crate) WebSocketStream<TcpStream>);

impl Socket {
    pub(crate) async fn handshake(
        server: &TestServer,
        headers: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let stream = TcpStream::connect(server.address).await.unwrap();
        Self::handshake_over(stream, headers).await
    }

    /// Over a connection that is open.
    pub(crate) async fn handshake_over(
        stream: TcpStream,
        headers: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let url = format!("ws://localhost:{}/graphql", stream.peer_addr().unwrap().port());
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let name = hyper::header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        client_async(request, stream).await.map(|(socket, _)| Self(socket))
    }

    pub(crate) async fn open(server: &TestServer) -> Self {
        let protocol = [("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")];
        Self::handshake(server, &protocol).await.expect("the handshake succeeds")
    }

    /// A socket that has been acknowledged.
    pub(crate) async fn begin(server: &TestServer) -> Self {
        let mut socket = Self::open(server).await;
        socket.send(json!({ "type": "connection_init", "payload": {} })).await;
        assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub(crate) async fn send(&mut self, message: Json) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.ask(id, json!({ "query": query })).await;
    }

    /// Subscribes with any payload.
    pub(crate) async fn ask(&mut self, id: &str, payload: Json) {
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    pub(crate) async fn message(&mut self) -> Message {
        loop {
            let next = timeout(LIMIT, self.0.next()).await.expect("something is sent");
            match next.expect("it is open").expect("a message") {
                Message::Ping(_) => {}
                message => return message,
            }
        }
    }

    pub(crate) async fn receive(&mut self) -> Json {
        match self.message().await {
            Message::Text(text) => without_extensions(&text),
            other => panic!("no text: {other:?}"),
        }
    }

    pub(crate) async fn closed(&mut self) -> u16 {
        match self.message().await {
            Message::Close(Some(frame)) => frame.code.into(),
            other => panic!("no close: {other:?}"),
        }
    }
}
