//! Authenticates requests, once each, before anything else is looked at.

use std::sync::Arc;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value as Json};

use super::request_log::request_id;
use super::response::rejection::Rejection;
use super::state::AppState;
use crate::auth::{Denied, Principal};

/// The principal of a request. The log says why there is none, the response does not.
pub(super) async fn authenticate(
    state: &AppState,
    headers: &HeaderMap,
) -> Result<Arc<Principal>, Rejection> {
    let sent: Vec<&[u8]> =
        headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes).collect();
    principal(state, &sent, request_id(headers)).await.map_err(|denied| match denied {
        Denied::Unauthenticated(_) => Rejection::unauthenticated(),
        Denied::Unavailable(_) => Rejection::credentials_unchecked(),
    })
}

/// The principal of a WebSocket: of the payload of `connection_init`, where pages put what
/// they cannot put into the headers of the handshake, else of these headers.
pub(super) async fn authenticate_socket(
    state: &AppState,
    payload: Option<&Map<String, Json>>,
    handshake: &[Vec<u8>],
    request_id: &str,
) -> Result<Arc<Principal>, Denied> {
    let mut sent = payload.map(credentials).unwrap_or_default();
    if sent.is_empty() {
        sent = handshake.iter().map(Vec::as_slice).collect();
    }
    principal(state, &sent, request_id).await
}

async fn principal(
    state: &AppState,
    authorization: &[&[u8]],
    request_id: &str,
) -> Result<Arc<Principal>, Denied> {
    let principal = state.access.principal(authorization).await;
    principal.inspect_err(|reason| tracing::info!(request_id, %reason, "unauthenticated"))
}

/// The values of every `Authorization` of a payload, in any case, or of its `headers`. One
/// that is no text is there and cannot be accepted.
fn credentials(payload: &Map<String, Json>) -> Vec<&[u8]> {
    let is = |name: &str, expected: &str| name.eq_ignore_ascii_case(expected);
    let headers = payload.iter().filter(|(name, _)| is(name, "headers"));
    let nested = headers.filter_map(|(_, value)| value.as_object()).flatten();
    let all = payload.iter().chain(nested);
    let sent = all.filter(|(name, value)| is(name, "authorization") && !value.is_null());
    sent.map(|(_, value)| value.as_str().unwrap_or_default().as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_payload_has_credentials_in_one_of_several_places() {
        let of = |payload: Json| {
            let payload = payload.as_object().cloned().unwrap();
            let sent = credentials(&payload).into_iter();
            sent.map(|value| String::from_utf8(value.to_vec()).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(of(json!({ "Authorization": "a" })), ["a"]);
        assert_eq!(of(json!({ "authorization": "a", "other": "b" })), ["a"]);
        assert_eq!(of(json!({ "headers": { "Authorization": "a" } })), ["a"]);
        assert_eq!(
            of(json!({ "authorization": "a", "headers": { "authorization": "b" } })).len(),
            2
        );
        assert_eq!(of(json!({ "authorization": 1 })), [""]);
        assert!(of(json!({ "authorization": null, "headers": "a" })).is_empty());
    }
}
