//! An operation as the stream of its answers. Nothing is queued for a slow client:
//! the next answer is executed only when the one before is sent.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::auth::Principal;
use crate::error::Code;
use crate::graphql::errors::{RATE_LIMITED, code_of, settle};
use crate::graphql::{Answer, Prepared, Snapshot};
use crate::http::cache::response_cache::add_version;
use crate::http::observation::{Executing, failed};
use crate::http::response::panic_answer;
use crate::http::response::rejection::{OVERLOADED, Rejection};
use crate::http::state::AppState;

/// Shortest time between two executions, however often the data change.
const PACE: Duration = Duration::from_millis(100);

/// The answers to an operation: of a subscription until it completes, of any other
/// one. A document that is not executed ends the stream.
pub(super) fn events(
    state: Arc<AppState>,
    principal: Arc<Principal>,
    operation: Prepared,
    request_id: String,
) -> BoxStream<'static, Answer> {
    let changes = state.connections.changes();
    let (last, completed) = (None, false);
    let running = Running { state, principal, operation, request_id, changes, last, completed };
    stream::unfold(running, Running::next).boxed()
}

/// A running operation.
struct Running {
    state: Arc<AppState>,
    principal: Arc<Principal>,
    operation: Prepared,
    request_id: String,
    changes: watch::Receiver<i64>,
    /// The answer that was sent last.
    last: Option<Answer>,
    completed: bool,
}

impl Running {
    async fn next(mut self) -> Option<(Answer, Self)> {
        while !self.completed {
            if self.last.is_some() {
                self.wait().await;
            }
            // Before the execution: a commit during it is a change.
            self.changes.mark_unchanged();
            let Snapshot { answer, is_last } = self.execute_in_time().await;
            let is_transient = is_transient(&answer);
            if is_transient && self.last.is_some() {
                // A client that has an answer need not see this; the next one follows.
                continue;
            }
            self.completed = is_transient || is_last;
            if self.last.as_ref().is_none_or(|last| differ(last, &answer)) {
                self.last = (!self.completed).then(|| answer.clone());
                failed(&answer);
                return Some((answer, self));
            }
        }
        None
    }

    /// Waits until the data may have changed.
    async fn wait(&mut self) {
        sleep(PACE).await;
        let changed = async {
            if self.changes.changed().await.is_err() {
                // No more notifications: poll only.
                std::future::pending::<()>().await;
            }
        };
        // A timeout counts as a change.
        let _ = timeout(self.state.connections.limits.poll, changed).await;
    }

    /// Executes the operation with the limits of a request.
    async fn execute_in_time(&self) -> Snapshot {
        let limit = self.state.limits.execution_time;
        match timeout(limit, AssertUnwindSafe(self.execute()).catch_unwind()).await {
            Ok(Ok(snapshot)) => snapshot,
            Ok(Err(cause)) => Snapshot::once(panic_answer(&*cause, &self.request_id)),
            Err(_) => Snapshot::once(Rejection::timeout(limit).into_answer()),
        }
    }

    async fn execute(&self) -> Snapshot {
        let state = &self.state;
        let _share = match state.concurrency.share(&self.principal) {
            Ok(share) => share,
            Err(rejection) => return Snapshot::once(rejection.into_answer()),
        };
        let slot = match state.concurrency.enqueue() {
            Ok(slot) => slot,
            Err(rejection) => return Snapshot::once(rejection.into_answer()),
        };
        let _permit = slot.permit().await;
        let versions = state.cache.versions().await;
        let (operation, scope) = (&self.operation, &self.principal.scope);
        let executing = Executing::begin(operation);
        let mut snapshot = state.engine.snapshot(operation, scope, versions.as_ref()).await;
        executing.ended(&snapshot.answer);
        settle(&mut snapshot.answer.errors, &self.request_id);
        if snapshot.answer.was_executed() {
            add_version(versions.as_ref(), &mut snapshot.answer);
        }
        snapshot
    }
}

/// Whether an answer has an error that a later execution may not have.
fn is_transient(answer: &Answer) -> bool {
    let transient = [Code::Timeout.as_str(), Code::Unavailable.as_str(), OVERLOADED, RATE_LIMITED];
    answer.errors.iter().filter_map(code_of).any(|code| transient.contains(&code))
}

/// Whether two answers differ in more than the version of their data.
fn differ(one: &Answer, other: &Answer) -> bool {
    one.data != other.data || one.errors != other.errors
}
