//! From an operation to its answer, within the limits of a request.

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

use super::answers::{Asked, Made};
use super::media::{Events, Form};
use super::observe::request_id;
use super::refused::{Refused, after_panic, body, respond, status};
use super::turns::Place;
use super::{AppState, cors, subscribe};
use crate::auth::Scope;
use crate::graphql::Prepared;
use crate::graphql::errors::settle;

/// A request that is being answered.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) state: &'a Arc<AppState>,
    pub(super) form: Form,
    pub(super) events: Events,
    pub(super) headers: &'a HeaderMap,
    pub(super) begun: Instant,
    pub(super) by: By,
    /// Its place in the queue, where it has one already.
    pub(super) place: Option<&'a Place<'a>>,
}

/// How a request came.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    /// `is_named`: by a document's name, so that the client may hold the answer.
    Get {
        is_named: bool,
    },
    Post,
}

impl<'a> Call<'a> {
    /// A request by POST.
    pub(super) fn of(
        state: &'a Arc<AppState>,
        form: Form,
        headers: &'a HeaderMap,
        begun: Instant,
    ) -> Self {
        Self { state, form, events: Events::No, headers, begun, by: By::Post, place: None }
    }

    /// The answer. What is not done in the time of a request is given up, which
    /// cancels its statements.
    pub(super) async fn answer(self, operation: Operation) -> Response {
        if self.events == Events::Only {
            let operation = self.state.engine.prepare(operation);
            return self.refuse(&operation).unwrap_or_else(|| self.stream(operation));
        }
        let limit = self.state.limits.execution_time;
        let left = limit.saturating_sub(self.begun.elapsed());
        timeout(left, self.find_or_make(operation))
            .await
            .unwrap_or_else(|_| Refused::out_of_time(limit).answer(self.form))
    }

    async fn find_or_make(self, operation: Operation) -> Response {
        let Self { state, form, by, .. } = self;
        let condition = matches!(by, By::Get { is_named: true }).then_some(self.headers);
        let asked = state.answers.ask(&operation, Scope::All, form, condition).await;
        if let Some(answer) = asked.ready().await {
            return answer;
        }
        let operation = state.engine.prepare(operation);
        if let Some(refused) = self.refuse(&operation) {
            return refused;
        }
        if operation.is_subscription() {
            return self.stream(operation);
        }
        let is_query = operation.is_query();
        // On the heap, which an answer that is kept never pays for.
        let execution = Box::pin(self.execute(operation, &asked));
        // Here, and not only around the router, the form of the answer is known.
        let execution = AssertUnwindSafe(execution).catch_unwind().map(|made| {
            made.unwrap_or_else(|cause| {
                Made::Passing(after_panic(&*cause, form, request_id(self.headers)))
            })
        });
        asked.made(is_query, execution).await
    }

    /// Why an operation cannot be asked like this.
    fn refuse(&self, operation: &Prepared) -> Option<Response> {
        match (operation.kind(), self.by, self.events) {
            (Some(OperationType::Subscription), _, Events::No) => {
                let message = "this is a subscription: accept text/event-stream, or use a \
                               WebSocket with the subprotocol graphql-transport-ws";
                let refused = Refused::new(StatusCode::NOT_ACCEPTABLE, message);
                Some(refused.answer(self.form))
            }
            (Some(OperationType::Mutation), By::Get { .. }, _) => {
                let message = "GET is for queries and subscriptions only; send this operation by \
                               POST";
                let refused = Refused::new(StatusCode::METHOD_NOT_ALLOWED, message);
                Some(([(ALLOW, "POST")], refused.answer(self.form)).into_response())
            }
            // A body of JSON makes a browser ask first, so that none of its pages comes so
            // far; but data is not to change because a browser erred.
            (Some(OperationType::Mutation), By::Post, _)
                if !cors::may_connect(&self.state.cors_origins, self.headers) =>
            {
                let message = "a page of another site may not change data here; the operator \
                               names those that may in http.cors_origins";
                Some(Refused::new(StatusCode::FORBIDDEN, message).answer(self.form))
            }
            _ => None,
        }
    }

    fn stream(&self, operation: Prepared) -> Response {
        subscribe::open_stream(self.state, operation, request_id(self.headers))
    }

    /// Executes it when it is its turn.
    async fn execute(self, operation: Prepared, asked: &Asked<'_>) -> Made {
        let own;
        let place = match self.place {
            Some(place) => place,
            None => match self.state.turns.queue() {
                Ok(place) => {
                    own = place;
                    &own
                }
                Err(refused) => return Made::Passing(refused.answer(self.form)),
            },
        };
        let _turn = place.turn().await;
        let is_query = operation.is_query();
        let mut answer = self.state.engine.execute(operation, &Scope::All).await;
        settle(&mut answer.errors, request_id(self.headers));
        if answer.was_executed() {
            asked.date(&mut answer);
            if is_query
                && answer.errors.is_empty()
                && let Some(body) = body(&answer)
            {
                return Made::Lasting(body);
            }
        }
        Made::Passing(respond(status(&answer, self.form), self.form, &answer))
    }
}
