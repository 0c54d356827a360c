//! From an operation to its response, within the limits of a request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use async_graphql::Request as Operation;
use async_graphql::parser::types::OperationType;
use axum::http::header::ALLOW;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use tokio::time::timeout;

use crate::auth::Principal;
use crate::graphql::Prepared;
use crate::graphql::errors::settle;
use crate::http::cache::response_cache::{CacheLookup, Execution, add_version};
use crate::http::compression::{Coding, negotiated};
use crate::http::concurrency_limit::QueueSlot;
use crate::http::cors;
use crate::http::observation::Executing;
use crate::http::rate_limit::{Meter, OperationMeter};
use crate::http::request::media::{EventStream, MediaType};
use crate::http::request_log::request_id;
use crate::http::response::rejection::Rejection;
use crate::http::response::{after_panic, body, respond, status};
use crate::http::state::AppState;
use crate::http::subscription::sse;
use crate::telemetry::metrics::CacheOutcome;

/// A request in progress.
#[derive(Clone, Copy)]
pub(in crate::http) struct Call<'a> {
    pub(in crate::http) state: &'a Arc<AppState>,
    pub(in crate::http) principal: &'a Arc<Principal>,
    pub(in crate::http) meter: &'a Arc<Meter>,
    pub(in crate::http) media_type: MediaType,
    pub(in crate::http) events: EventStream,
    pub(in crate::http) headers: &'a HeaderMap,
    pub(in crate::http) started: Instant,
    pub(in crate::http) method: Method,
    /// Its slot in the queue, if a batch has one for all of its requests.
    pub(in crate::http) slot: Option<&'a QueueSlot<'a>>,
}

/// The method of a request.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) enum Method {
    /// `by_reference`: the URL refers to the document, so the client may cache the
    /// response.
    Get {
        by_reference: bool,
    },
    Post,
    /// A tool of an assistant; `may_change` is whether it executes mutations.
    Tool {
        may_change: bool,
    },
}

impl<'a> Call<'a> {
    pub(in crate::http) fn post(
        state: &'a Arc<AppState>,
        principal: &'a Arc<Principal>,
        meter: &'a Arc<Meter>,
        media_type: MediaType,
        headers: &'a HeaderMap,
        started: Instant,
    ) -> Self {
        let events = EventStream::NotAccepted;
        let method = Method::Post;
        Self { state, principal, meter, media_type, events, headers, started, method, slot: None }
    }

    /// The response. After the time limit the execution is dropped, which cancels its
    /// statements.
    pub(in crate::http) async fn respond(self, operation: Operation) -> Response {
        if self.events == EventStream::Only {
            let operation = self.state.engine.prepare(operation);
            return self.reject(&operation).unwrap_or_else(|| self.stream(operation));
        }
        let limit = self.state.limits.execution_time;
        let left = limit.saturating_sub(self.started.elapsed());
        timeout(left, self.look_up_or_execute(operation))
            .await
            .unwrap_or_else(|_| Rejection::timeout(limit).respond(self.media_type))
    }

    async fn look_up_or_execute(self, operation: Operation) -> Response {
        let Self { state, principal, media_type, method, .. } = self;
        let condition =
            matches!(method, Method::Get { by_reference: true }).then_some(self.headers);
        let scope = &principal.scope;
        // The responses of a batch are put together, and those of a tool are read.
        let is_whole = self.slot.is_none() && !matches!(method, Method::Tool { .. });
        let coding = if is_whole { negotiated(self.headers) } else { Coding::Identity };
        let lookup = state.cache.look_up(&operation, scope, media_type, condition, coding).await;
        let charge = Arc::new(OperationMeter::new(self.meter, principal));
        let observation = &self.meter.observation;
        if let Some(response) = lookup.cached().await {
            observation.cache_did(match response.status() {
                StatusCode::NOT_MODIFIED => CacheOutcome::NotModified,
                _ => CacheOutcome::Hit,
            });
            let charged = charge.charge_least();
            return charged
                .map_or_else(|used| Rejection::from(used).respond(media_type), |()| response);
        }
        let operation = state.engine.prepare(operation).with_hooks(charge.clone());
        observation.is_kind(operation.kind());
        if let Some(rejection) = self.reject(&operation) {
            return rejection;
        }
        if operation.is_subscription() {
            return self.stream(operation);
        }
        let is_query = operation.is_query();
        // On the heap, which a cached response need not pay for.
        let execution = Box::pin(self.execute(operation, &lookup));
        // Caught here as well as around the router: here the media type is known.
        let execution = AssertUnwindSafe(execution).catch_unwind().map(|execution| {
            execution.unwrap_or_else(|cause| {
                let id = request_id(self.headers);
                Execution::Uncacheable(after_panic(&*cause, media_type, id))
            })
        });
        let note = |outcome| observation.cache_did(outcome);
        let response = lookup.execute(is_query, execution, &note).await;
        charge.settle();
        response
    }

    /// The rejection of an operation that this method or media type does not allow.
    fn reject(&self, operation: &Prepared) -> Option<Response> {
        match (operation.kind(), self.method, self.events) {
            (Some(OperationType::Subscription), Method::Tool { .. }, _) => {
                let message = "this is a subscription, and a tool answers once: ask for the same \
                               by a query";
                Some(Rejection::bad_request(message).respond(self.media_type))
            }
            (Some(OperationType::Mutation), Method::Tool { may_change: false }, _) => {
                let message = "this is a mutation, and this tool only reads: nothing was executed";
                Some(Rejection::bad_request(message).respond(self.media_type))
            }
            (Some(OperationType::Subscription), _, EventStream::NotAccepted) => {
                let message = "this is a subscription: accept text/event-stream, or use a \
                               WebSocket with the subprotocol graphql-transport-ws";
                let rejection = Rejection::new(StatusCode::NOT_ACCEPTABLE, message);
                Some(rejection.respond(self.media_type))
            }
            (Some(OperationType::Mutation), Method::Get { .. }, _) => {
                let message = "GET is for queries and subscriptions only; send this operation by \
                               POST";
                let rejection = Rejection::new(StatusCode::METHOD_NOT_ALLOWED, message);
                Some(([(ALLOW, "POST")], rejection.respond(self.media_type)).into_response())
            }
            // A JSON body makes a browser send a preflight request first. This check holds
            // even where a browser does not.
            (Some(OperationType::Mutation), Method::Post, _)
                if !cors::may_connect(&self.state.cors_origins, self.headers) =>
            {
                let message = "a page of another site may not change data here; the operator \
                               names those that may in http.cors_origins";
                let rejection = Rejection::new(StatusCode::FORBIDDEN, message);
                Some(rejection.respond(self.media_type))
            }
            _ => None,
        }
    }

    fn stream(&self, operation: Prepared) -> Response {
        let principal = Arc::clone(self.principal);
        let charge = Arc::new(OperationMeter::new(self.meter, &principal));
        let operation = operation.with_hooks(charge);
        sse::open_stream(self.state, principal, operation, request_id(self.headers))
    }

    /// Executes the operation once it has a permit.
    async fn execute(self, operation: Prepared, lookup: &CacheLookup<'_>) -> Execution {
        let _share = match self.state.concurrency.share(self.principal) {
            Ok(share) => share,
            Err(rejection) => return Execution::Uncacheable(rejection.respond(self.media_type)),
        };
        let own;
        let slot = match self.slot {
            Some(slot) => slot,
            None => match self.state.concurrency.enqueue() {
                Ok(slot) => {
                    own = slot;
                    &own
                }
                Err(rejection) => {
                    return Execution::Uncacheable(rejection.respond(self.media_type));
                }
            },
        };
        let _permit = slot.permit().await;
        let is_query = operation.is_query();
        let executing = Executing::begin(&operation);
        let mut answer = {
            let (engine, scope) = (&self.state.engine, &self.principal.scope);
            engine.snapshot(&operation, scope, lookup.versions.as_ref()).await.answer
        };
        executing.ended(&answer);
        settle(&mut answer.errors, request_id(self.headers));
        if answer.was_executed() {
            add_version(lookup.versions.as_ref(), &mut answer);
            if is_query
                && !answer.is_volatile
                && answer.errors.is_empty()
                && let Some(body) = body(&answer)
            {
                return Execution::Cacheable(body, answer.tables);
            }
        }
        let status = status(&answer, self.media_type);
        Execution::Uncacheable(respond(status, self.media_type, &answer))
    }
}
