//! One connection of a pool, as it is kept between statements.

use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, Executor as _, Postgres, raw_sql};
use tokio::time::timeout;

use super::row_security::{RESET, Session};

/// How long a session may take to be as it was, before its connection is closed.
const RESET_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection and its session.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) inner: PoolConnection<Postgres>,
    pub(super) acquired: Instant,
    pub(super) used: Instant,
    pub(super) session: Session,
}

impl Connection {
    /// Whether it has prepared nothing yet.
    pub(super) fn is_new(&self) -> bool {
        self.inner.cached_statements_size() == 0
    }

    pub(super) fn close(mut self) {
        self.inner.close_on_drop();
    }

    /// Returns it to the pool as it came from there.
    pub(super) fn give_back(mut self) {
        if self.session == Session::Own {
            return;
        }
        tokio::spawn(async move {
            let reset = timeout(RESET_TIMEOUT, self.inner.execute(raw_sql(RESET))).await;
            if !matches!(reset, Ok(Ok(_))) {
                self.inner.close_on_drop();
            }
        });
    }
}
