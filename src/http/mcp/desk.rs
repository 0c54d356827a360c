//! Where tools have documents executed: by the way of `/graphql`, with its cache, its limits
//! and its meters.

use std::sync::Arc;
use std::time::Instant;

use async_graphql::{Request as Operation, Variables};
use axum::body::to_bytes;
use axum::http::HeaderMap;
use serde_json::{Map, Value as Json, json};
use tokio::time::timeout;

use super::options::McpOptions;
use super::outcome::Outcome;
use crate::auth::Principal;
use crate::error::Code;
use crate::graphql::errors::RATE_LIMITED;
use crate::http::endpoint::{Call, Method};
use crate::http::rate_limit::{Meter, OperationMeter};
use crate::http::request::media::MediaType;
use crate::http::response::rejection::{OVERLOADED, Rejection};
use crate::http::state::AppState;

/// A request that calls a tool.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) state: &'a Arc<AppState>,
    pub(super) principal: &'a Arc<Principal>,
    pub(super) meter: &'a Arc<Meter>,
    pub(super) headers: &'a HeaderMap,
    pub(super) started: Instant,
}

/// The response of GraphQL, as it was written and as a value.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) text: String,
    pub(super) json: Json,
}

impl Answered {
    /// Its data, with the version that they are of.
    ///
    /// # Errors
    /// The outcome, if there are errors.
    pub(super) fn data(mut self) -> Result<(Json, Map<String, Json>), Outcome> {
        let mut version = Map::new();
        for name in ["dataVersion", "dataAsOf"] {
            if let Some(value) = self.json.pointer_mut(&format!("/extensions/{name}")) {
                version.insert(name.to_owned(), value.take());
            }
        }
        match self.parts() {
            (_, Some(errors)) => Err(Outcome::failed(json!({ "errors": errors }))),
            (data, None) => Ok((data, version)),
        }
    }

    /// Its data, and its errors if there are any.
    pub(super) fn parts(mut self) -> (Json, Option<Json>) {
        let data = self.json.get_mut("data").map(Json::take).unwrap_or_default();
        (data, self.json.get_mut("errors").map(Json::take))
    }
}

impl Desk<'_> {
    /// Executes a document that may not change anything.
    pub(super) async fn read(self, operation: Operation) -> Result<Answered, Outcome> {
        self.execute(operation, Method::Tool { may_change: false }).await
    }

    /// Executes a document, also a mutation.
    pub(super) async fn change(self, operation: Operation) -> Result<Answered, Outcome> {
        self.execute(operation, Method::Tool { may_change: true }).await
    }

    async fn execute(self, operation: Operation, method: Method) -> Result<Answered, Outcome> {
        let Self { state, principal, meter, headers, started } = self;
        let media_type = MediaType::GraphqlResponse;
        let call = Call::post(state, principal, meter, media_type, headers, started);
        let response = Box::pin(Call { method, ..call }.respond(operation)).await;
        let internal = || Outcome::error(Code::Internal.as_str(), "internal error");
        // It is in memory.
        let body = to_bytes(response.into_body(), usize::MAX).await.map_err(|_| internal())?;
        // As a value it would take several times as much.
        let most = self.result_bytes();
        if body.len() > most {
            return Err(Outcome::too_large(body.len(), most));
        }
        let text = String::from_utf8(body.into()).map_err(|_| internal())?;
        let json = serde_json::from_str(&text).map_err(|error| {
            tracing::error!(%error, "a response could not be read");
            internal()
        })?;
        Ok(Answered { text, json })
    }

    /// Charges what needs no document.
    pub(super) fn charge_least(self) -> Result<(), Outcome> {
        let charged = OperationMeter::new(self.meter, self.principal).charge_least();
        charged.map_err(|used_up| refusal(RATE_LIMITED, Rejection::from(used_up)))
    }

    /// Does work without a document once it has a permit, as one with a document.
    pub(super) async fn in_turn(self, work: impl FnOnce() -> Outcome) -> Result<Outcome, Outcome> {
        let limit = &self.state.concurrency;
        let _share = limit.share(self.principal).map_err(|it| refusal(RATE_LIMITED, it))?;
        let slot = limit.enqueue().map_err(|it| refusal(OVERLOADED, it))?;
        let most = self.state.limits.execution_time;
        let left = most.saturating_sub(self.started.elapsed());
        let late = |_| refusal(Code::Timeout.as_str(), Rejection::timeout(most));
        let _permit = timeout(left, slot.permit()).await.map_err(late)?;
        Ok(work())
    }

    /// Most bytes of a result.
    pub(super) fn result_bytes(self) -> usize {
        let options = self.state.mcp.as_ref();
        options.map_or_else(|| McpOptions::default().result_bytes, |options| options.result_bytes)
    }
}

/// A rejection as an error of a tool.
fn refusal(code: &str, rejection: Rejection) -> Outcome {
    let answer = rejection.into_answer();
    let error = answer.errors.first().map(|error| error.message.clone());
    Outcome::error(code, error.unwrap_or_default())
}

/// A document with the values of its variables.
pub(super) fn operation(document: impl Into<String>, variables: Map<String, Json>) -> Operation {
    Operation::new(document).variables(Variables::from_json(Json::Object(variables)))
}
