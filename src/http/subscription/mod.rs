//! Subscriptions: WebSockets that speak `graphql-transport-ws`, and event streams
//! (SSE) of one operation each.

pub(super) mod connections;
mod events;
mod message;
pub(super) mod sse;
pub(super) mod websocket;
