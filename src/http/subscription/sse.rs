//! Event streams, as `graphql-sse` has them in its mode of distinct connections:
//! one operation a request, an event `next` for each answer, then `complete`.

use std::convert::Infallible;
use std::sync::Arc;

use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};

use super::events::events;
use crate::graphql::{Answer, Prepared};
use crate::http::AppState;
use crate::http::request::media::Form;
use crate::http::response::rejection::Refused;

/// The stream of an operation's answers. It ends early, without `complete`, when
/// the server stops: then the client may try again.
pub(in crate::http) fn open_stream(
    state: &Arc<AppState>,
    operation: Prepared,
    request_id: &str,
) -> Response {
    let Some(place) = state.open.operation_place() else {
        return Refused::too_many_open("subscriptions").answer(Form::Json);
    };
    let open = state.open.clone();
    let answers = events(Arc::clone(state), operation, request_id.to_owned());
    let next = |answer: Answer| {
        let text = String::from_utf8(answer.to_json()?).map_err(serde::ser::Error::custom)?;
        Ok::<_, serde_json::Error>(Event::default().event("next").data(text))
    };
    // An event without data is none to a browser.
    let complete = stream::once(async { Ok(Event::default().event("complete").data("null")) });
    let stream = answers
        .map(next)
        .chain(complete)
        .take_while(|event| {
            if let Err(error) = event {
                tracing::error!(%error, "an answer could not be serialised");
            }
            std::future::ready(event.is_ok())
        })
        .filter_map(|event| std::future::ready(event.ok()))
        .take_until(open.closing.clone().cancelled_owned())
        .map(move |event| {
            // Given back with the stream, however that ends.
            let _ = &place;
            Ok::<_, Infallible>(event)
        });
    let stream = Sse::new(stream).keep_alive(KeepAlive::new().interval(open.limits.keepalive));
    // A proxy must neither keep nor gather what is to arrive now.
    ([(CACHE_CONTROL.as_str(), "no-store, no-transform"), ("x-accel-buffering", "no")], stream)
        .into_response()
}
