//! Liveness and readiness.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::AppState;

#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// 200 as long as the process responds.
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "alive", code: None, reason: None })
}

/// 200 if Postgres, or a replica in its place, responds and has the current schema, or
/// a newer one, with all that is read, otherwise 503 with the reason.
pub(super) async fn ready(State(state): State<Arc<AppState>>) -> (StatusCode, Json<Health>) {
    match state.readiness.check(&state.reader).await {
        Ok(()) => (StatusCode::OK, Json(Health { status: "ready", code: None, reason: None })),
        Err((code, reason)) => {
            let (code, reason) = (Some(code.as_str()), Some(reason));
            let health = Health { status: "unavailable", code, reason };
            (StatusCode::SERVICE_UNAVAILABLE, Json(health))
        }
    }
}
