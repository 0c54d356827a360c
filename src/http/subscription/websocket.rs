//! A WebSocket: any number of operations, one after another or side by side, as
//! the protocol `graphql-transport-ws` has it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::FromRequestParts as _;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::header::UPGRADE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::StreamExt as _;
use futures_util::stream::{self, AbortHandle, BoxStream, SelectAll, abortable};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::events::events;
use super::message::{
    BROKEN, ClientMessage, Close, EXISTS, GOING_AWAY, INIT_AGAIN, INIT_TIMEOUT, INTERNAL, INVALID,
    PROTOCOL, ServerMessage, UNAUTHORIZED, next,
};
use crate::graphql::Answer;
use crate::http::request::media::Form;
use crate::http::request::parameters::Parameters;
use crate::http::request_log::request_id;
use crate::http::response::rejection::Refused;
use crate::http::{AppState, cors};

/// There are too many operations at once.
const RATE_LIMITED: &str = "RATE_LIMITED";

/// Whether a GET begins a WebSocket.
pub(in crate::http) fn is_handshake(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Begins one, or says why not.
pub(in crate::http) async fn open_socket(state: Arc<AppState>, mut head: Parts) -> Response {
    let refuse = |status, message: String| Refused::new(status, message).answer(Form::Json);
    if !cors::may_connect(&state.cors_origins, &head.headers) {
        let message = "a page of another site may not open a WebSocket here; the operator names \
                       those that may in http.cors_origins";
        return refuse(StatusCode::FORBIDDEN, message.to_owned());
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut head, &()).await {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]),
        Err(rejection) => return refuse(rejection.status(), rejection.body_text()),
    };
    if upgrade.selected_protocol().is_none() {
        let message = format!("the subprotocol of the WebSocket must be {PROTOCOL}");
        return refuse(StatusCode::BAD_REQUEST, message);
    }
    let Some(place) = state.open.socket_place() else {
        return Refused::too_many_open("WebSockets").answer(Form::Json);
    };
    let most = state.limits.body_bytes;
    let request_id = request_id(&head.headers).to_owned();
    upgrade.max_message_size(most).max_frame_size(most).on_upgrade(async move |socket| {
        Connection::new(state, socket, request_id).run().await;
        drop(place);
    })
}

/// What happens to an operation.
struct Step {
    id: String,
    /// None when there are no more.
    answer: Option<Answer>,
}

/// Why a connection ends.
enum End {
    /// The server closes it.
    Close(Close),
    /// The client closed it, or is not there any more.
    Gone,
}

struct Connection {
    state: Arc<AppState>,
    socket: WebSocket,
    request_id: String,
    is_acknowledged: bool,
    /// When the client was heard of last.
    heard: Instant,
    running: SelectAll<BoxStream<'static, Step>>,
    /// By their ids; those that are not over.
    operations: HashMap<String, AbortHandle>,
}

impl Connection {
    fn new(state: Arc<AppState>, socket: WebSocket, request_id: String) -> Self {
        Self {
            state,
            socket,
            request_id,
            is_acknowledged: false,
            heard: Instant::now(),
            running: SelectAll::new(),
            operations: HashMap::new(),
        }
    }

    async fn run(mut self) {
        let End::Close(Close(code, reason)) = self.talk().await else { return };
        let frame = CloseFrame { code, reason: reason.into() };
        let farewell = async {
            // A client that is gone need not be told.
            let _ = self.socket.send(Message::Close(Some(frame))).await;
            // Its own frame may cross with what it sent before.
            while let Some(Ok(_)) = self.socket.recv().await {}
        };
        let _ = timeout(self.state.open.limits.patience, farewell).await;
    }

    /// Until the connection is to end.
    async fn talk(&mut self) -> End {
        let open = self.state.open.clone();
        let init = self.heard + open.limits.init;
        let mut alive = interval_at(self.heard + open.limits.keepalive, open.limits.keepalive);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                biased;
                () = open.closing.cancelled() => Err(End::Close(GOING_AWAY)),
                () = sleep_until(init), if !self.is_acknowledged => Err(End::Close(INIT_TIMEOUT)),
                _ = alive.tick() => self.look_after().await,
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(_)) => Err(End::Close(BROKEN)),
                    None => Err(End::Gone),
                },
                Some(step) = self.running.next(), if !self.running.is_empty() => {
                    self.tell(step).await
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn look_after(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > self.state.open.limits.keepalive * 2 {
            return Err(End::Gone);
        }
        self.send(Message::Ping(Default::default())).await
    }

    async fn hear(&mut self, message: Message) -> Result<(), End> {
        self.heard = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Binary(_) => return Err(End::Close(INVALID)),
            Message::Close(_) => return Err(End::Gone),
        };
        match serde_json::from_str(&text).map_err(|_| End::Close(INVALID))? {
            ClientMessage::ConnectionInit { .. } if self.is_acknowledged => {
                Err(End::Close(INIT_AGAIN))
            }
            ClientMessage::ConnectionInit { .. } => {
                self.is_acknowledged = true;
                self.say(ServerMessage::ConnectionAck.to_json()).await
            }
            ClientMessage::Ping { payload } => {
                self.say(ServerMessage::Pong { payload }.to_json()).await
            }
            ClientMessage::Pong { .. } => Ok(()),
            ClientMessage::Subscribe { id, payload } => self.subscribe(id, payload).await,
            ClientMessage::Complete { id } => {
                self.abort(&id);
                Ok(())
            }
        }
    }

    async fn subscribe(&mut self, id: String, parameters: Parameters) -> Result<(), End> {
        if !self.is_acknowledged {
            return Err(End::Close(UNAUTHORIZED));
        }
        if self.operations.contains_key(&id) {
            return Err(End::Close(EXISTS));
        }
        let open = &self.state.open;
        let most = open.limits.operations;
        let place = if self.operations.len() < most { open.operation_place() } else { None };
        let Some(place) = place else {
            let message = format!(
                "there are too many operations at once, over this WebSocket (at most {most}) or \
                 over all; try again later"
            );
            return self.refuse(&id, &Answer::refusal(RATE_LIMITED, message)).await;
        };
        let operation = match self.state.documents.find(parameters) {
            Ok(asked) => self.state.engine.prepare(asked.operation),
            Err(refused) => return self.refuse(&id, &refused.into_answer()).await,
        };
        let answers = events(Arc::clone(&self.state), operation, self.request_id.clone());
        let (this, over) = (id.clone(), id.clone());
        let steps = answers
            .map(move |answer| {
                // Given back with the operation, however that ends.
                let _ = &place;
                Step { id: this.clone(), answer: Some(answer) }
            })
            .chain(stream::once(async { Step { id: over, answer: None } }));
        // All of it: the id may be another operation's when this one is aborted.
        let (steps, handle) = abortable(steps);
        self.operations.insert(id, handle);
        self.running.push(steps.boxed());
        Ok(())
    }

    async fn tell(&mut self, step: Step) -> Result<(), End> {
        let Step { id, answer } = step;
        match answer {
            Some(answer) if answer.was_executed() => self.say(next(&id, &answer)).await,
            Some(answer) => {
                self.abort(&id);
                self.refuse(&id, &answer).await
            }
            None => {
                self.abort(&id);
                self.say(ServerMessage::Complete { id: &id }.to_json()).await
            }
        }
    }

    fn abort(&mut self, id: &str) {
        if let Some(operation) = self.operations.remove(id) {
            operation.abort();
        }
    }

    async fn refuse(&mut self, id: &str, answer: &Answer) -> Result<(), End> {
        self.say(ServerMessage::Error { id, payload: &answer.errors }.to_json()).await
    }

    async fn say(&mut self, message: serde_json::Result<String>) -> Result<(), End> {
        match message {
            Ok(text) => self.send(Message::Text(text.into())).await,
            Err(error) => {
                tracing::error!(%error, "an answer could not be serialised");
                Err(End::Close(INTERNAL))
            }
        }
    }

    /// A client that does not take what it asked for is given up.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.state.open.limits.patience, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}
