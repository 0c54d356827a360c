//! Event streams as `graphql-sse` defines them in its distinct connections mode: one
//! operation per request, an event `next` for each answer, then `complete`.

use std::convert::Infallible;
use std::sync::Arc;

use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};

use super::events::events;
use crate::auth::Principal;
use crate::graphql::{Answer, Prepared};
use crate::http::request::media::MediaType;
use crate::http::response::rejection::Rejection;
use crate::http::state::AppState;

/// The stream of an operation's answers. When the server stops or the credentials end, it
/// ends without `complete`, so that the client reconnects.
pub(in crate::http) fn open_stream(
    state: &Arc<AppState>,
    principal: Arc<Principal>,
    operation: Prepared,
    request_id: &str,
) -> Response {
    let Some(permit) = state.connections.operation_permit(&principal) else {
        return Rejection::too_many_open("subscriptions").respond(MediaType::Json);
    };
    let connections = state.connections.clone();
    let ended = state.access.clone().ended(Arc::clone(&principal));
    let answers = events(Arc::clone(state), principal, operation, request_id.to_owned());
    let next = |answer: Answer| {
        let text = String::from_utf8(answer.to_json()?).map_err(serde::ser::Error::custom)?;
        Ok::<_, serde_json::Error>(Event::default().event("next").data(text))
    };
    // Browsers ignore an event without data.
    let complete = stream::once(async { Ok(Event::default().event("complete").data("null")) });
    let stream = answers
        .map(next)
        .chain(complete)
        .take_while(|event| {
            if let Err(error) = event {
                tracing::error!(%error, "a response could not be serialised");
            }
            std::future::ready(event.is_ok())
        })
        .filter_map(|event| std::future::ready(event.ok()))
        .take_until(connections.closing.clone().cancelled_owned())
        .take_until(Box::pin(ended))
        .map(move |event| {
            // Released with the stream.
            let _ = &permit;
            Ok::<_, Infallible>(event)
        });
    let stream =
        Sse::new(stream).keep_alive(KeepAlive::new().interval(connections.limits.keepalive));
    // A proxy must neither store nor buffer events.
    ([(CACHE_CONTROL.as_str(), "no-store, no-transform"), ("x-accel-buffering", "no")], stream)
        .into_response()
}
