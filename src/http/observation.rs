//! What a request turns out to be, for its metrics and its span: the operation it names, and
//! what the cache did for it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;

use async_graphql::parser::types::OperationType;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::health_path::is_health;
use crate::graphql::errors::code_of;
use crate::graphql::{Answer, Prepared};
use crate::telemetry::metrics::{self, CacheOutcome, OperationMetrics};
use crate::telemetry::trace::{self, Attribute};

/// What is no GraphQL operation, or not known to be one.
static NONE: LazyLock<&OperationMetrics> = LazyLock::new(|| metrics::operation(metrics::NONE));
/// What only its client knows the name of.
static OTHER: LazyLock<&OperationMetrics> = LazyLock::new(|| metrics::operation(metrics::OTHER));
static BATCH: LazyLock<&OperationMetrics> = LazyLock::new(|| metrics::operation(metrics::BATCH));

/// The client closed the connection before the response: there is no status, so this stands
/// for it, as in the logs of nginx.
const CLOSED: u16 = 499;

/// What is known of a request so far.
#[derive(Debug, Default)]
pub(super) struct Observation {
    operation: OnceLock<&'static OperationMetrics>,
    kind: OnceLock<&'static str>,
    cache: AtomicU8,
}

impl Observation {
    /// Its operation.
    pub(super) fn is_operation(&self, operation: &'static OperationMetrics) {
        // The first one stays.
        let _ = self.operation.set(operation);
    }

    /// It has several.
    pub(super) fn is_batch(&self) {
        self.is_operation(*BATCH);
    }

    /// What kind of operation that is.
    pub(super) fn is_kind(&self, kind: Option<OperationType>) {
        let _ = self.kind.set(kind_name(kind));
    }

    /// What the cache did.
    pub(super) fn cache_did(&self, outcome: CacheOutcome) {
        self.cache.store(outcome as u8, Ordering::Relaxed);
    }

    /// The cost of what is executed.
    pub(super) fn costs(&self, cost: u64) {
        self.operation().costs(cost);
    }

    fn operation(&self) -> &'static OperationMetrics {
        self.operation.get().copied().unwrap_or(*NONE)
    }

    /// Adds what is known to the span of the request.
    fn describe_span(&self) {
        trace::describe_current(|| {
            let name = self.operation_name();
            let name = name.map(|name| Attribute::new("graphql.operation.name", name));
            let kind = self.kind.get().copied();
            let kind = kind.map(|kind| Attribute::new("graphql.operation.type", kind));
            let cache = Attribute::new("salesgraph.cache", self.cache().as_str());
            [name, kind, Some(cache)].into_iter().flatten().collect()
        });
    }

    /// The name of its operation, if it has one that is no client's own.
    fn operation_name(&self) -> Option<&'static str> {
        let name = self.operation.get()?.name.as_str();
        (![metrics::NONE, metrics::OTHER, metrics::BATCH].contains(&name)).then_some(name)
    }

    fn cache(&self) -> CacheOutcome {
        // Of several operations there is none for all.
        match std::ptr::eq(self.operation(), *BATCH) {
            true => CacheOutcome::None,
            false => CacheOutcome::of(self.cache.load(Ordering::Relaxed)),
        }
    }
}

/// The metrics of what only its client knows the name of.
pub(super) fn other() -> &'static OperationMetrics {
    *OTHER
}

/// Counts a request that is answered, unless it is a health check: around all that may answer it.
pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    if is_health(request.uri().path()) {
        return next.run(request).await;
    }
    let observation = Arc::new(Observation::default());
    request.extensions_mut().insert(Arc::clone(&observation));
    let in_progress = InProgress::begin(&observation);
    let response = next.run(request).await;
    in_progress.answered(response.status().as_u16());
    observation.describe_span();
    response
}

/// Counts a request that is refused with this status before anything is known of it.
pub(super) fn refused(status: StatusCode) {
    InProgress::begin(&Observation::default()).answered(status.as_u16());
}

/// A request in progress.
#[derive(Debug)]
struct InProgress<'a> {
    observation: &'a Observation,
    began: Instant,
    status: u16,
}

impl<'a> InProgress<'a> {
    fn begin(observation: &'a Observation) -> Self {
        metrics::in_progress().fetch_add(1, Ordering::Relaxed);
        Self { observation, began: Instant::now(), status: CLOSED }
    }

    /// It is answered with this status.
    fn answered(mut self, status: u16) {
        self.status = status;
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        metrics::in_progress().fetch_sub(1, Ordering::Relaxed);
        self.observation.operation().answered(
            self.status,
            self.observation.cache(),
            self.began.elapsed(),
        );
    }
}

/// An operation that is executed; dropped before [`Executing::ended`], it was canceled.
#[derive(Debug)]
pub(super) struct Executing {
    kind: &'static str,
    outcome: &'static str,
}

impl Executing {
    pub(super) fn begin(operation: &Prepared) -> Self {
        Self { kind: kind_name(operation.kind()), outcome: "canceled" }
    }

    /// It is answered.
    pub(super) fn ended(mut self, answer: &Answer) {
        self.outcome = match (answer.was_executed(), answer.errors.is_empty()) {
            (false, _) => "refused",
            (true, false) => "error",
            (true, true) => "ok",
        };
    }
}

impl Drop for Executing {
    fn drop(&mut self) {
        let outcome = if std::thread::panicking() { "error" } else { self.outcome };
        metrics::executed(self.kind, outcome);
    }
}

/// Counts the errors of a response.
pub(super) fn failed(answer: &Answer) {
    for error in &answer.errors {
        metrics::failed(code_of(error));
    }
}

const fn kind_name(kind: Option<OperationType>) -> &'static str {
    match kind {
        Some(OperationType::Query) => "query",
        Some(OperationType::Mutation) => "mutation",
        Some(OperationType::Subscription) => "subscription",
        None => "unknown",
    }
}
