//! The messages of `graphql-transport-ws`.

use async_graphql::ServerError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::graphql::Answer;
use crate::http::request::parameters::Parameters;

/// A message of the client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    ConnectionInit {
        payload: Option<Map<String, Json>>,
    },
    Ping {
        payload: Option<Map<String, Json>>,
    },
    Pong {
        #[serde(rename = "payload")]
        _payload: Option<Map<String, Json>>,
    },
    Subscribe {
        id: String,
        payload: Parameters,
    },
    Complete {
        id: String,
    },
}

/// A message of the server.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    ConnectionAck,
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Json>>,
    },
    /// The operation was not executed.
    Error {
        id: &'a str,
        payload: &'a [ServerError],
    },
    Complete {
        id: &'a str,
    },
}

impl ServerMessage<'_> {
    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// The message `next`.
pub(super) fn next(id: &str, answer: &Answer) -> serde_json::Result<String> {
    let mut message = br#"{"type":"next","id":"#.to_vec();
    serde_json::to_writer(&mut message, id)?;
    message.extend_from_slice(br#","payload":"#);
    message.append(&mut answer.to_json()?);
    message.push(b'}');
    String::from_utf8(message).map_err(serde::ser::Error::custom)
}

/// The code and the reason of a close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close(pub(super) u16, pub(super) &'static str);

pub(super) const GOING_AWAY: Close = Close(1001, "The server is stopping");
pub(super) const PROTOCOL_ERROR: Close = Close(1002, "Invalid or too large WebSocket message");
pub(super) const INTERNAL: Close = Close(1011, "Internal error");
pub(super) const TRY_AGAIN: Close = Close(1013, "The credentials cannot be checked now");
pub(super) const TOO_MANY: Close = Close(1013, "There are too many WebSockets at once");
pub(super) const INVALID_MESSAGE: Close = Close(4400, "Invalid message");
pub(super) const UNAUTHORIZED: Close = Close(4401, "Unauthorized");
pub(super) const NOT_INITIALISED: Close = Close(4401, "Unauthorized: send connection_init first");
/// Clients open a new connection after this one, and none after 4401.
pub(super) const ENDED: Close = Close(4403, "The credentials have ended");
pub(super) const INIT_TIMEOUT: Close = Close(4408, "Connection initialisation timeout");
pub(super) const DUPLICATE_ID: Close = Close(4409, "An operation with this id is not yet complete");
pub(super) const REPEATED_INIT: Close = Close(4429, "Too many initialisation requests");
