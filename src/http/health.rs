//! Liveness and readiness.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::AppState;
use crate::db::pool::schema_version;
use crate::error::Result;

#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Whether a path is of a health check, which is answered whatever else is refused.
pub(super) fn is_health(path: &str) -> bool {
    path.starts_with("/health/")
}

/// 200 as long as the process responds.
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "alive", code: None, reason: None })
}

/// 200 if Postgres responds and has the current schema, otherwise 503 with the
/// reason.
pub(super) async fn ready(State(state): State<Arc<AppState>>) -> (StatusCode, Json<Health>) {
    match check(&state).await {
        Ok(()) => (StatusCode::OK, Json(Health { status: "ready", code: None, reason: None })),
        Err(error) => {
            tracing::warn!(error = error.detail(), "not ready");
            let health = Health {
                status: "unavailable",
                code: Some(error.code().as_str()),
                reason: Some(error.message().to_owned()),
            };
            (StatusCode::SERVICE_UNAVAILABLE, Json(health))
        }
    }
}

async fn check(state: &AppState) -> Result<()> {
    schema_version(&state.pool).await?.require_current()
}
