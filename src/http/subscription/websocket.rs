//! A WebSocket: any number of operations, also concurrently, by the protocol
//! `graphql-transport-ws`.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;

use async_graphql::http::WebSocketProtocols;
use axum::extract::FromRequestParts as _;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::header::{AUTHORIZATION, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, AbortHandle, BoxStream, SelectAll, abortable};
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Map, Value as Json};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::connections::Place;
use super::events::events;
use super::message::{
    ClientMessage, Close, DUPLICATE_ID, ENDED, GOING_AWAY, INIT_TIMEOUT, INTERNAL, INVALID_MESSAGE,
    NOT_INITIALISED, PROTOCOL_ERROR, REPEATED_INIT, ServerMessage, TOO_MANY, TRY_AGAIN,
    UNAUTHORIZED, next,
};
use crate::auth::{Access, Denied, Principal};
use crate::graphql::Answer;
use crate::graphql::errors::RATE_LIMITED;
use crate::http::authentication::authenticate_socket;
use crate::http::cors;
use crate::http::observation::failed;
use crate::http::rate_limit::{Meter, OperationMeter};
use crate::http::request::media::MediaType;
use crate::http::request::parameters::Parameters;
use crate::http::request_log::request_id;
use crate::http::response::rejection::Rejection;
use crate::http::state::AppState;

/// Whether a GET is the handshake of a WebSocket.
pub(in crate::http) fn is_handshake(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Opens a WebSocket, or rejects the handshake.
pub(in crate::http) async fn open_socket(
    state: Arc<AppState>,
    meter: Arc<Meter>,
    mut head: Parts,
) -> Response {
    let reject = |status, message: String| Rejection::new(status, message).respond(MediaType::Json);
    if !cors::may_connect(&state.cors_origins, &head.headers) {
        let message = "pages of this origin may not open a WebSocket; the operator lists those that \
                       may in http.cors_origins";
        return reject(StatusCode::FORBIDDEN, message.to_owned());
    }
    let protocol = WebSocketProtocols::GraphQLWS.sec_websocket_protocol();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut head, &()).await {
        Ok(upgrade) => upgrade.protocols([protocol]),
        Err(rejection) => return reject(rejection.status(), rejection.body_text()),
    };
    if upgrade.selected_protocol().is_none() {
        let message = format!("the subprotocol of the WebSocket must be {protocol}");
        return reject(StatusCode::BAD_REQUEST, message);
    }
    let place = match &state.access {
        Access::Open(operator) => state.connections.open_place(operator),
        Access::Controlled(_) => state.connections.opening_place(meter.address()),
    };
    let Some(place) = place else {
        return Rejection::too_many_open("WebSockets").respond(MediaType::Json);
    };
    let most = state.limits.body_bytes;
    let request_id = request_id(&head.headers).to_owned();
    let sent = head.headers.get_all(AUTHORIZATION).iter();
    let authorization = sent.map(|value| value.as_bytes().to_vec()).collect();
    upgrade.max_message_size(most).max_frame_size(most).on_upgrade(async move |socket| {
        Connection::new(state, meter, socket, request_id, authorization, place).run().await;
    })
}

/// The next answer of an operation.
struct OperationEvent {
    id: String,
    /// None when the operation is complete.
    answer: Option<Answer>,
}

/// Why a connection ends.
enum End {
    /// The server closes it.
    Close(Close),
    /// The client closed it or disappeared.
    Gone,
}

struct Connection {
    state: Arc<AppState>,
    meter: Arc<Meter>,
    socket: WebSocket,
    request_id: String,
    /// The `Authorization` headers of the handshake.
    authorization: Vec<Vec<u8>>,
    /// Its place, released with it.
    place: Place,
    /// Who calls, once `connection_init` was acknowledged.
    principal: Option<Arc<Principal>>,
    /// Ends with the credentials.
    ended: BoxFuture<'static, ()>,
    /// When the last message arrived.
    last_message: Instant,
    running: SelectAll<BoxStream<'static, OperationEvent>>,
    /// The running operations by id.
    operations: HashMap<String, AbortHandle>,
}

impl Connection {
    fn new(
        state: Arc<AppState>,
        meter: Arc<Meter>,
        socket: WebSocket,
        request_id: String,
        authorization: Vec<Vec<u8>>,
        place: Place,
    ) -> Self {
        Self {
            state,
            meter,
            socket,
            request_id,
            authorization,
            place,
            principal: None,
            ended: pending().boxed(),
            last_message: Instant::now(),
            running: SelectAll::new(),
            operations: HashMap::new(),
        }
    }

    async fn run(mut self) {
        let End::Close(Close(code, reason)) = self.serve().await else { return };
        let frame = CloseFrame { code, reason: reason.into() };
        let close = async {
            // The client may have disappeared.
            let _ = self.socket.send(Message::Close(Some(frame))).await;
            // Until the client's own close frame: earlier messages may still arrive.
            while let Some(Ok(_)) = self.socket.recv().await {}
        };
        let _ = timeout(self.state.connections.limits.send_timeout, close).await;
    }

    /// Serves the connection until it must end.
    async fn serve(&mut self) -> End {
        let connections = self.state.connections.clone();
        let init = self.last_message + connections.limits.init_timeout;
        let keepalive = connections.limits.keepalive;
        let mut ping = interval_at(self.last_message + keepalive, keepalive);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                biased;
                () = connections.closing.cancelled() => Err(End::Close(GOING_AWAY)),
                () = &mut self.ended => Err(End::Close(ENDED)),
                () = sleep_until(init), if self.principal.is_none() => Err(End::Close(INIT_TIMEOUT)),
                _ = ping.tick() => self.ping().await,
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.receive(message).await,
                    Some(Err(_)) => Err(End::Close(PROTOCOL_ERROR)),
                    None => Err(End::Gone),
                },
                Some(event) = self.running.next(), if !self.running.is_empty() => {
                    self.forward(event).await
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.last_message.elapsed() > self.state.connections.limits.keepalive * 2 {
            return Err(End::Gone);
        }
        self.send(Message::Ping(Default::default())).await
    }

    async fn receive(&mut self, message: Message) -> Result<(), End> {
        self.last_message = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Binary(_) => return Err(End::Close(INVALID_MESSAGE)),
            Message::Close(_) => return Err(End::Gone),
        };
        match serde_json::from_str(&text).map_err(|_| End::Close(INVALID_MESSAGE))? {
            ClientMessage::ConnectionInit { .. } if self.principal.is_some() => {
                Err(End::Close(REPEATED_INIT))
            }
            ClientMessage::ConnectionInit { payload } => {
                self.principal = Some(self.authenticate(payload).await?);
                self.send_message(ServerMessage::ConnectionAck.to_json()).await
            }
            ClientMessage::Ping { payload } => {
                self.send_message(ServerMessage::Pong { payload }.to_json()).await
            }
            ClientMessage::Pong { .. } => Ok(()),
            ClientMessage::Subscribe { id, payload } => self.subscribe(id, payload).await,
            ClientMessage::Complete { id } => {
                self.abort(&id);
                Ok(())
            }
        }
    }

    /// The principal of the connection, whose end is the connection's.
    async fn authenticate(
        &mut self,
        payload: Option<Map<String, Json>>,
    ) -> Result<Arc<Principal>, End> {
        let (state, payload) = (&self.state, payload.as_ref());
        let principal =
            authenticate_socket(state, payload, &self.authorization, &self.request_id).await;
        let principal = principal.map_err(|denied| match denied {
            Denied::Unauthenticated(_) => End::Close(UNAUTHORIZED),
            Denied::Unavailable(_) => End::Close(TRY_AGAIN),
        })?;
        if matches!(self.place, Place::Opening { .. }) {
            let place = state.connections.open_place(&principal);
            self.place = place.ok_or(End::Close(TOO_MANY))?;
        }
        self.authorization.clear();
        self.ended = state.access.clone().ended(Arc::clone(&principal)).boxed();
        Ok(principal)
    }

    async fn subscribe(&mut self, id: String, parameters: Parameters) -> Result<(), End> {
        let Some(principal) = self.principal.clone() else {
            return Err(End::Close(NOT_INITIALISED));
        };
        if self.operations.contains_key(&id) {
            return Err(End::Close(DUPLICATE_ID));
        }
        if let Err(used_up) = self.meter.count_more(&principal, 1) {
            let answer = Rejection::from(used_up).into_answer();
            return self.reject(&id, &answer).await;
        }
        let connections = &self.state.connections;
        let most = connections.limits.operations;
        let has_room = self.operations.len() < most;
        let Some(permit) = has_room.then(|| connections.operation_permit(&principal)).flatten()
        else {
            let message = format!(
                "there are too many operations at once, on this WebSocket (at most {most}), with \
                 this token or in total; try again later"
            );
            return self.reject(&id, &Answer::refusal(RATE_LIMITED, message)).await;
        };
        let operation = match self.state.documents.resolve(parameters) {
            Ok(resolved) => self
                .state
                .engine
                .prepare(resolved.operation)
                .with_hooks(Arc::new(OperationMeter::new(&self.meter, &principal))),
            Err(rejection) => return self.reject(&id, &rejection.into_answer()).await,
        };
        let answers =
            events(Arc::clone(&self.state), principal, operation, self.request_id.clone());
        let (this, last) = (id.clone(), id.clone());
        let events = answers
            .map(move |answer| {
                // Released with the operation.
                let _ = &permit;
                OperationEvent { id: this.clone(), answer: Some(answer) }
            })
            .chain(stream::once(async { OperationEvent { id: last, answer: None } }));
        // With its completion: after an abort the id may belong to another operation.
        let (events, handle) = abortable(events);
        self.operations.insert(id, handle);
        self.running.push(events.boxed());
        Ok(())
    }

    async fn forward(&mut self, event: OperationEvent) -> Result<(), End> {
        let OperationEvent { id, answer } = event;
        match answer {
            Some(answer) if answer.was_executed() => self.send_message(next(&id, &answer)).await,
            Some(answer) => {
                self.abort(&id);
                self.send_error(&id, &answer).await
            }
            None => {
                self.abort(&id);
                self.send_message(ServerMessage::Complete { id: &id }.to_json()).await
            }
        }
    }

    fn abort(&mut self, id: &str) {
        if let Some(operation) = self.operations.remove(id) {
            operation.abort();
        }
    }

    /// An operation that does not begin.
    async fn reject(&mut self, id: &str, answer: &Answer) -> Result<(), End> {
        failed(answer);
        self.send_error(id, answer).await
    }

    async fn send_error(&mut self, id: &str, answer: &Answer) -> Result<(), End> {
        self.send_message(ServerMessage::Error { id, payload: &answer.errors }.to_json()).await
    }

    async fn send_message(&mut self, message: serde_json::Result<String>) -> Result<(), End> {
        match message {
            Ok(text) => self.send(Message::Text(text.into())).await,
            Err(error) => {
                tracing::error!(%error, "a response could not be serialised");
                Err(End::Close(INTERNAL))
            }
        }
    }

    /// A client that does not take its messages in time is dropped.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.state.connections.limits.send_timeout, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}
