//! An operation as the stream of its answers. Nothing is kept for a client that
//! does not take it: the next answer is only made when the one before is sent.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::auth::Scope;
use crate::error::Code;
use crate::graphql::errors::{code_of, settle};
use crate::graphql::{Answer, Look, Prepared};
use crate::http::AppState;
use crate::http::cache::response_cache::date;
use crate::http::response::rejection::{OVERLOADED, Refused, panic_answer};

/// The answers to an operation, in their order. One of a document that was not
/// executed is the last.
pub(super) type Events = BoxStream<'static, Answer>;

/// Least time between two looks at what is followed, however often it changes.
const PACE: Duration = Duration::from_millis(100);

/// What an operation is answered with: a subscription until what it follows has
/// ended, any other once.
pub(super) fn events(state: Arc<AppState>, operation: Prepared, request_id: String) -> Events {
    let changes = state.open.changes();
    let following = Following { state, operation, request_id, changes, last: None, ended: false };
    stream::unfold(following, Following::next).boxed()
}

/// An operation under way.
struct Following {
    state: Arc<AppState>,
    operation: Prepared,
    request_id: String,
    changes: watch::Receiver<i64>,
    /// The answer that was sent last.
    last: Option<Answer>,
    ended: bool,
}

impl Following {
    async fn next(mut self) -> Option<(Answer, Self)> {
        while !self.ended {
            if self.last.is_some() {
                self.wait().await;
            }
            // Before it is looked at: what is committed meanwhile is news again.
            self.changes.mark_unchanged();
            let Look { answer, is_last } = self.look().await;
            let will_pass = will_pass(&answer);
            if will_pass && self.last.is_some() {
                // A client that is being told is not troubled with it: it is asked
                // again.
                continue;
            }
            self.ended = will_pass || is_last;
            if self.last.as_ref().is_none_or(|last| differ(last, &answer)) {
                self.last = (!self.ended).then(|| answer.clone());
                return Some((answer, self));
            }
        }
        None
    }

    /// Waits until something may have changed.
    async fn wait(&mut self) {
        sleep(PACE).await;
        let changed = async {
            if self.changes.changed().await.is_err() {
                // Nobody tells of changes any more.
                std::future::pending::<()>().await;
            }
        };
        // The time that is out is as good as news.
        let _ = timeout(self.state.open.limits.poll, changed).await;
    }

    /// Executes it like a request of its own.
    async fn look(&self) -> Look {
        let limit = self.state.limits.execution_time;
        match timeout(limit, AssertUnwindSafe(self.execute()).catch_unwind()).await {
            Ok(Ok(look)) => look,
            Ok(Err(cause)) => Look::once(panic_answer(&*cause, &self.request_id)),
            Err(_) => Look::once(Refused::out_of_time(limit).into_answer()),
        }
    }

    async fn execute(&self) -> Look {
        let state = &self.state;
        let place = match state.turns.queue() {
            Ok(place) => place,
            Err(refused) => return Look::once(refused.into_answer()),
        };
        let _turn = place.turn().await;
        let version = state.answers.version().await;
        let mut look = state.engine.look(&self.operation, &Scope::All).await;
        settle(&mut look.answer.errors, &self.request_id);
        if let (true, Some(version)) = (look.answer.was_executed(), version) {
            date(version, &mut look.answer);
        }
        look
    }
}

/// Whether something is missing from an answer only for want of what may be back
/// soon.
fn will_pass(answer: &Answer) -> bool {
    let passing = [Code::Timeout.as_str(), Code::Unavailable.as_str(), OVERLOADED];
    answer.errors.iter().filter_map(code_of).any(|code| passing.contains(&code))
}

/// Whether two answers show different things; each is of its own moment.
fn differ(one: &Answer, other: &Answer) -> bool {
    one.data != other.data || one.errors != other.errors
}
