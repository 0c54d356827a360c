//! Whether the server is ready, without a statement for each who asks.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::db::pool::{SchemaVersion, schema_version};
use crate::db::readable::require_readable;
use crate::db::row_security::RowSecurity;
use crate::error::{Code, Error, Result};
use crate::query::Reader;

/// How long a result is told again.
const REMEMBERED: Duration = Duration::from_secs(1);

/// How long a main database that has replicas may take: a probe does not wait long.
const PATIENCE: Duration = Duration::from_millis(500);

/// The code and the public reason if it is not ready.
pub(super) type Outcome = Result<(), (Code, String)>;

/// The last result.
#[derive(Debug)]
pub(super) struct Readiness {
    remembered: Duration,
    last: Mutex<Option<(Instant, Outcome)>>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self::remembering(REMEMBERED)
    }
}

impl Readiness {
    fn remembering(remembered: Duration) -> Self {
        Self { remembered, last: Mutex::default() }
    }

    /// Whether Postgres, or a replica while it does not answer, responds, has the current schema
    /// or a newer one, and in it all that is read, as it was within the last second.
    pub(super) async fn check(&self, reader: &Reader) -> Outcome {
        let check = async |pool: &PgPool| servable(pool, reader.row_security()).await;
        let any = async {
            let Some(replicas) = reader.replicas() else { return check(reader.pool()).await };
            let silent =
                || Err(Error::new(Code::Unavailable, "the database does not answer in time"));
            let main = timeout(PATIENCE, check(reader.pool())).await.unwrap_or_else(|_| silent());
            if !is_away(&main) {
                return main;
            }
            match replicas.choose(None).await {
                Some(replica) => check(replica.pool()).await,
                None => main,
            }
        };
        self.outcome(any).await
    }

    /// One check at a time: who asks meanwhile waits for its result.
    async fn outcome(&self, check: impl Future<Output = Result<()>>) -> Outcome {
        let mut last = self.last.lock().await;
        if let Some((at, outcome)) = &*last
            && at.elapsed() < self.remembered
        {
            return outcome.clone();
        }
        let outcome = check.await.map_err(|error| {
            tracing::warn!(error = error.detail(), "not ready");
            (error.code(), error.message().to_owned())
        });
        *last = Some((Instant::now(), outcome.clone()));
        outcome
    }
}

/// An upgrade migrates before it replaces the servers that run: they go on while all that they
/// read is there.
async fn servable(pool: &PgPool, row_security: RowSecurity) -> Result<()> {
    let version = schema_version(pool).await?;
    if matches!(version, SchemaVersion::Behind(_)) {
        return version.require_current();
    }
    let readable = require_readable(pool, row_security).await;
    if readable.as_ref().is_err_and(|error| error.code() == Code::Config) {
        version.require_current()?;
    }
    readable
}

fn is_away(checked: &Result<()>) -> bool {
    checked.as_ref().is_err_and(|error| error.code() == Code::Unavailable)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    /// The outcomes for 20 who ask at once, twice, and how many checks there were.
    async fn ask(remembered: Duration) -> (Vec<Outcome>, usize) {
        let (readiness, checks) = (Readiness::remembering(remembered), AtomicUsize::new(0));
        let mut outcomes = Vec::new();
        for _ in 0..2 {
            outcomes.extend(
                join_all((0..20).map(|_| {
                    readiness.outcome(async {
                        checks.fetch_add(1, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                        Err(Error::new(Code::Unavailable, "public").with_source("private"))
                    })
                }))
                .await,
            );
        }
        (outcomes, checks.into_inner())
    }

    #[tokio::test]
    async fn one_check_is_for_all_who_ask_until_it_is_too_old() {
        let (outcomes, checks) = ask(Duration::from_secs(600)).await;
        assert_eq!((outcomes.len(), checks), (40, 1));
        for outcome in outcomes {
            assert_eq!(outcome, Err((Code::Unavailable, "public".to_owned())));
        }
        assert_eq!(ask(Duration::ZERO).await.1, 40);
    }
}
