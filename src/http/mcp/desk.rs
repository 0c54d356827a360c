//! Where tools have documents executed: by the way of `/graphql`, with its cache, its limits
//! and its meters.

use std::sync::Arc;
use std::time::Instant;

use async_graphql::{Request as Operation, Variables};
use axum::body::to_bytes;
use axum::http::HeaderMap;
use serde_json::{Map, Value as Json};

use super::options::McpOptions;
use super::outcome::Outcome;
use crate::auth::Principal;
use crate::error::Code;
use crate::http::endpoint::{Call, Method};
use crate::http::rate_limit::{Meter, OperationMeter};
use crate::http::request::media::MediaType;
use crate::http::response::rejection::Rejection;
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
        if let Some(errors) = self.json.get_mut("errors") {
            let errors = Json::Array(errors.as_array_mut().map(std::mem::take).unwrap_or_default());
            return Err(Outcome::failed(Map::from_iter([("errors".to_owned(), errors)]).into()));
        }
        let mut version = Map::new();
        for name in ["dataVersion", "dataAsOf"] {
            if let Some(value) = self.json.pointer_mut(&format!("/extensions/{name}")) {
                version.insert(name.to_owned(), value.take());
            }
        }
        Ok((self.json.get_mut("data").map(Json::take).unwrap_or_default(), version))
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
        charged.map_err(|used_up| {
            let answer = Rejection::from(used_up).into_answer();
            let error = answer.errors.first().map(|error| error.message.clone());
            Outcome::error(crate::graphql::errors::RATE_LIMITED, error.unwrap_or_default())
        })
    }

    /// Most bytes of a result.
    pub(super) fn result_bytes(self) -> usize {
        let options = self.state.mcp.as_ref();
        options.map_or_else(|| McpOptions::default().result_bytes, |options| options.result_bytes)
    }
}

/// A document with the values of its variables.
pub(super) fn operation(document: impl Into<String>, variables: Map<String, Json>) -> Operation {
    Operation::new(document).variables(Variables::from_json(Json::Object(variables)))
}
