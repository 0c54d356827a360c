//! What a request turns out to be, for its metrics and its span: the operation it names, and
//! what the cache did for it.

use std::sync::LazyLock;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

use async_graphql::parser::types::OperationType;

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
    pub(super) fn describe_span(&self) {
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

/// A request in progress.
#[derive(Debug)]
pub(super) struct InProgress<'a> {
    observation: &'a Observation,
    began: Instant,
    status: u16,
}

impl<'a> InProgress<'a> {
    pub(super) fn begin(observation: &'a Observation) -> Self {
        metrics::in_progress().fetch_add(1, Ordering::Relaxed);
        Self { observation, began: Instant::now(), status: CLOSED }
    }

    /// It is answered with this status.
    pub(super) fn answered(mut self, status: u16) {
        self.status = status;
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        metrics::in_progress().fetch_sub(1, Ordering::Relaxed);
        // The layer around answers with this status.
        let status = if std::thread::panicking() { 500 } else { self.status };
        self.observation.operation().answered(
            status,
            self.observation.cache(),
            self.began.elapsed(),
        );
    }
}

/// Counts an execution.
pub(super) fn executed(operation: &Prepared, answer: &Answer) {
    let outcome = match (answer.was_executed(), answer.errors.is_empty()) {
        (false, _) => "refused",
        (true, false) => "error",
        (true, true) => "ok",
    };
    metrics::executed(kind_name(operation.kind()), outcome);
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
