//! Replicas: standbys of the main database that answer queries in its place.
//!
//! A replica answers a request only when it has replayed the version of the data that the main
//! database had when the request arrived. So the answers are as fresh as those of the main
//! database, whoever has committed. A version that was replayed stays so: a replica is asked
//! for it once a commit, and now and then to see whether it still answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{Execute, Postgres};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connections::Connections;
use super::data_version::{DataVersion, Of, VersionReader};
use super::sessions;

/// How long a request waits for a replica to tell its version, while there is the main database.
const PATIENCE: Duration = Duration::from_millis(200);
/// And while that does not answer.
const LONG_PATIENCE: Duration = Duration::from_secs(5);
/// After which a replica is asked again, though its version is new enough.
const CHECKED: Duration = Duration::from_secs(1);
/// After which a replica that lags behind is asked again.
const LAG_PAUSE: Duration = Duration::from_millis(20);
/// After which a replica that did not answer is asked again.
const DOWN_PAUSE: Duration = Duration::from_secs(2);

/// The replicas of a database. Clones share them.
#[derive(Debug, Clone)]
pub struct Replicas(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: Vec<Arc<Replica>>,
    /// The one to begin with.
    turn: AtomicUsize,
    /// The newest version that was asked for.
    newest: Mutex<Option<DataVersion>>,
    _stop: DropGuard,
    /// Aborted with the last clone.
    _tasks: JoinSet<()>,
}

/// One replica.
#[derive(Debug)]
pub struct Replica {
    /// Host, port and database.
    name: String,
    connections: Connections,
    versions: VersionReader,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What it has replayed at least.
    replayed: Option<DataVersion>,
    /// When it told so, or did not.
    told: Option<Instant>,
    /// Since when it is being asked.
    asked: Option<Instant>,
    is_down: bool,
}

impl Replicas {
    /// Replicas, each with its connections. Needs a runtime; connects when first used.
    #[must_use]
    pub fn new(all: Vec<Connections>) -> Self {
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let mut replica = |connections: Connections| {
            let options = connections.pool().connect_options().as_ref().clone();
            let name = name(&options);
            let (versions, _) =
                VersionReader::start(Of::Standby, options, &mut tasks, stop.clone());
            Arc::new(Replica { name, connections, versions, state: Mutex::default() })
        };
        let all = all.into_iter().map(&mut replica).collect();
        let (turn, newest) = (AtomicUsize::new(0), Mutex::default());
        Self(Arc::new(Inner { all, turn, newest, _stop: stop.drop_guard(), _tasks: tasks }))
    }

    /// A replica that has replayed this version, in turns; `None` if there is none. Without a
    /// version, because the main database does not tell, the newest one that was asked for.
    pub(crate) async fn choose(&self, asked: Option<DataVersion>) -> Option<Arc<Replica>> {
        let patience = if asked.is_some() { PATIENCE } else { LONG_PATIENCE };
        let asked = self.newest(asked)?;
        let Inner { all, turn, .. } = &*self.0;
        let due = all.iter().filter(|replica| replica.state().is_due(&asked, patience));
        // They go on when this request does not wait any longer.
        let asks = due.map(|replica| tokio::spawn(Arc::clone(replica).ask()));
        let _ = timeout(patience, join_all(asks)).await;
        let first = turn.fetch_add(1, Ordering::Relaxed) % all.len().max(1);
        let in_turn = all.iter().cycle().skip(first).take(all.len());
        let is_new_enough = |replica: &&Arc<Replica>| {
            let state = replica.state();
            state.has(&asked) && !state.is_silent(patience)
        };
        in_turn.into_iter().find(is_new_enough).map(Arc::clone)
    }

    /// The pools of all of them.
    pub(crate) fn connections(&self) -> impl Iterator<Item = &Connections> {
        self.0.all.iter().map(|replica| &replica.connections)
    }

    fn newest(&self, asked: Option<DataVersion>) -> Option<DataVersion> {
        let mut newest = self.0.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(asked) = asked else { return *newest };
        if newest.is_none_or(|newest| !reaches(&newest, &asked)) {
            *newest = Some(asked);
        }
        Some(asked)
    }
}

impl Replica {
    /// All rows of a query, as [`Connections::fetch_all_within`] gives them; `None` if the
    /// replica cannot: then it is left alone for a while.
    ///
    /// # Errors
    /// Those of the query.
    pub(crate) async fn fetch_all_within<'q, Q>(
        &self,
        territories: Option<&[i32]>,
        query: impl Fn() -> Q,
    ) -> Option<sqlx::Result<Vec<PgRow>>>
    where
        Q: Execute<'q, Postgres> + 'q,
    {
        match self.connections.fetch_all_once(territories, query()).await {
            Err(error) if is_replicas_own(&error) => {
                self.note(&error);
                None
            }
            fetched => Some(fetched),
        }
    }

    /// Its connections, for what is more than one statement.
    pub(crate) const fn connections(&self) -> &Connections {
        &self.connections
    }

    async fn ask(self: Arc<Self>) {
        self.state().asked.get_or_insert_with(Instant::now);
        match self.versions.current().await {
            Ok(version) => {
                let mut state = self.state();
                if std::mem::take(&mut state.is_down) {
                    tracing::info!(replica = %self.name, "the replica answers again");
                }
                let before = state.replayed.filter(|before| reaches(before, &version));
                state.replayed = Some(before.unwrap_or(version));
                (state.told, state.asked) = (Some(Instant::now()), None);
            }
            Err(error) => self.down(error.detail()),
        }
    }

    /// What a query met: a conflict with what is being replayed passes, anything else may not.
    fn note(&self, error: &sqlx::Error) {
        sessions::note(error);
        let state = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if state.as_deref() == Some("40001") {
            tracing::debug!(replica = %self.name, %error, "a query gave way to what is replayed");
        } else {
            self.down(error.to_string());
        }
    }

    fn down(&self, reason: String) {
        let mut state = self.state();
        if !state.is_down {
            tracing::warn!(replica = %self.name, reason, "the replica answers no queries");
        }
        let told = Some(Instant::now());
        *state = State { replayed: None, told, asked: None, is_down: true };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has(&self, asked: &DataVersion) -> bool {
        self.replayed.is_some_and(|replayed| reaches(&replayed, asked))
    }

    /// Whether it has been asked for longer than that.
    fn is_silent(&self, patience: Duration) -> bool {
        self.asked.is_some_and(|asked| asked.elapsed() >= patience)
    }

    /// Whether the replica is to be asked before it may answer a request for this version.
    fn is_due(&self, asked: &DataVersion, patience: Duration) -> bool {
        if self.is_silent(patience) {
            return false;
        }
        let Some(told) = self.told else { return true };
        let pause = match (self.is_down, self.has(asked)) {
            (true, _) => DOWN_PAUSE,
            (false, true) => CHECKED,
            (false, false) => LAG_PAUSE,
        };
        told.elapsed() >= pause
    }
}

/// Whether who has the one version has all of the other. While triggers are disabled, nobody
/// can tell.
fn reaches(version: &DataVersion, other: &DataVersion) -> bool {
    version.unwatched == 0
        && other.unwatched == 0
        && (version.version, version.as_of) >= (other.version, other.as_of)
}

/// Whether another server may give what this one could not.
fn is_replicas_own(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_))
        || sessions::may_succeed_on_another(error)
        || error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            // It starts, or has no room; the user, its password or the database is another.
            .is_some_and(|state| {
                matches!(state.as_ref(), "57P03" | "53300" | "28000" | "28P01" | "3D000")
            })
}

fn name(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("{}:{}/{database}", options.get_host(), options.get_port())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn version(version: i64, seconds: i64, unwatched: i64) -> DataVersion {
        let as_of: DateTime<Utc> = DateTime::from_timestamp(seconds, 0).unwrap();
        DataVersion { version, as_of, unwatched }
    }

    #[test]
    fn a_number_that_was_given_twice_is_not_the_same_version() {
        let asked = version(7, 100, 0);
        for (has, reached) in [
            (version(7, 100, 0), true),
            (version(8, 101, 0), true),
            (version(6, 99, 0), false),
            (version(7, 90, 0), false),
            (version(9, 120, 3), false),
        ] {
            assert_eq!(reaches(&has, &asked), reached, "{has:?}");
        }
        assert!(!reaches(&version(9, 120, 0), &version(7, 100, 5)));
    }

    #[test]
    fn a_replica_is_asked_after_a_commit_and_left_alone_after_a_failure() {
        let asked = version(7, 100, 0);
        assert!(State::default().is_due(&asked, PATIENCE), "never asked");
        let state = |replayed, pause, is_down| {
            let told = Instant::now().checked_sub(pause);
            State { replayed, told, asked: None, is_down }
        };
        let long_ago = Duration::from_secs(60);
        for (replayed, is_down) in
            [(Some(asked), false), (Some(version(6, 99, 0)), false), (None, true)]
        {
            assert!(state(replayed, long_ago, is_down).is_due(&asked, PATIENCE), "{replayed:?}");
        }
        for (replayed, is_down) in [(Some(asked), false), (None, true)] {
            let state = state(replayed, Duration::ZERO, is_down);
            assert!(!state.is_due(&asked, PATIENCE), "{replayed:?} is told a moment ago");
        }
        let silent = State { asked: Instant::now().checked_sub(long_ago), ..State::default() };
        assert!(!silent.is_due(&asked, LONG_PATIENCE), "it is being asked");
    }
}
