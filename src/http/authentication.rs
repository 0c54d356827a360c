//! Authenticates requests, once each, before anything else is looked at.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use super::request_log::request_id;
use super::response::rejection::Rejection;
use super::state::AppState;
use crate::auth::Principal;

/// The principal of a request. The log says why there is none, the response does not.
pub(super) async fn authenticate(
    state: &AppState,
    headers: &HeaderMap,
) -> Result<Arc<Principal>, Rejection> {
    let sent: Vec<&[u8]> =
        headers.get_all(AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
    state.access.principal(&sent).await.map_err(|denied| {
        tracing::info!(request_id = request_id(headers), reason = %denied, "unauthenticated");
        Rejection::unauthenticated()
    })
}
