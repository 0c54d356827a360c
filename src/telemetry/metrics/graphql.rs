//! Executions and their errors.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::family::Counters;
use super::names::EXECUTIONS;

/// The codes of errors that have a counter of their own; the last is of all others.
const CODES: [&str; 30] = [
    "BAD_USER_INPUT",
    "FORBIDDEN",
    "NOT_FOUND",
    "CONFLICT",
    "LOCKED",
    "CONFIG",
    "TIMEOUT",
    "UNAVAILABLE",
    "LAKE_OUTDATED",
    "LAKE_UNAVAILABLE",
    "LAKE_UNSUPPORTED",
    "LAKE_LIMIT",
    "INTERNAL",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "QUERY_TOO_COMPLEX",
    "QUERY_TOO_DEEP",
    "QUERY_TOO_MANY_ALIASES",
    "QUERY_TOO_MANY_ROOT_FIELDS",
    "QUERY_TOO_MANY_DIRECTIVES",
    "QUERY_TOO_MANY_TOKENS",
    "PAGE_TOO_LARGE",
    "RATE_LIMITED",
    "OVERLOADED",
    "UNAUTHENTICATED",
    "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_NOT_SUPPORTED",
    "BODY_TOO_LARGE",
    "none",
    "other",
];

static ERRORS: [AtomicU64; CODES.len()] = [const { AtomicU64::new(0) }; CODES.len()];

/// Counts an error of a response.
pub fn failed(code: Option<&str>) {
    let code = code.unwrap_or("none");
    let known = CODES.iter().position(|known| *known == code).unwrap_or(CODES.len() - 1);
    if let Some(count) = ERRORS.get(known) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// The errors so far, by code.
pub(super) fn errors() -> impl Iterator<Item = (&'static str, u64)> {
    let counts = ERRORS.iter().map(|count| count.load(Ordering::Relaxed));
    CODES.into_iter().zip(counts)
}

static EXECUTED: LazyLock<Counters<2>> = LazyLock::new(Counters::default);

/// The types of operations.
const TYPES: [&str; 4] = ["query", "mutation", "subscription", "unknown"];
/// How executions end.
const OUTCOMES: [&str; 4] = ["ok", "error", "refused", "canceled"];

/// Counts an execution of a type of operation.
pub fn executed(kind: &'static str, outcome: &'static str) {
    EXECUTED.get_or_create(&EXECUTIONS.labels([kind.into(), outcome.into()])).inc();
}

/// The executions so far.
pub(super) fn executions() -> Counters<2> {
    for (kind, outcome) in TYPES.into_iter().flat_map(|kind| OUTCOMES.map(|end| (kind, end))) {
        EXECUTED.get_or_create(&EXECUTIONS.labels([kind.into(), outcome.into()])).inc_by(0);
    }
    EXECUTED.clone()
}
