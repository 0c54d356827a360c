//! Replicas: standbys of the main database that answer queries in its place.
//!
//! A replica answers a request only when it has replayed the version of the data that the main
//! database had when the request arrived. So the answers are as fresh as those of the main
//! database, whoever has committed. A replica is asked for its version after a commit, now and
//! then to see whether it still answers, and before an answer of it is kept for others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{Execute, PgPool, Postgres};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connections::Connections;
use super::data_version::{DataVersion, Of, VersionReader};
use super::sessions;
use super::snapshot::{SnapshotOptions, Snapshots};

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
/// How long a replica that executes a statement may take to tell its version beside it.
const SILENCE: Duration = Duration::from_secs(2);

/// The replicas of a database. Clones share them.
#[derive(Debug, Clone)]
pub struct Replicas(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: Vec<Arc<Replica>>,
    /// The one to begin with.
    turn: AtomicUsize,
    /// The newest version that the main database told.
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
    /// What it had replayed when it told so.
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
    /// version, because the main database does not tell, the newest one that it ever told; any
    /// if it never did.
    pub(crate) async fn choose(&self, asked: Option<DataVersion>) -> Option<Arc<Replica>> {
        let patience = if asked.is_some() { PATIENCE } else { LONG_PATIENCE };
        let asked = asked.or_else(|| *self.newest());
        let all = &self.0.all;
        let due = all.iter().filter(|replica| replica.state().is_due(asked.as_ref(), patience));
        // They go on when this request does not wait any longer.
        let mut asks: FuturesUnordered<_> =
            due.map(|replica| tokio::spawn(Arc::clone(replica).ask())).collect();
        let chosen = async {
            loop {
                match self.next(asked.as_ref(), patience) {
                    Some(chosen) => return Some(chosen),
                    None => asks.next().await?.ok()?,
                }
            }
        };
        timeout(patience, chosen).await.ok().flatten()
    }

    fn next(&self, asked: Option<&DataVersion>, patience: Duration) -> Option<Arc<Replica>> {
        let Inner { all, turn, .. } = &*self.0;
        let first = turn.fetch_add(1, Ordering::Relaxed) % all.len().max(1);
        let mut in_turn = all.iter().cycle().skip(first).take(all.len());
        let is_new_enough = |replica: &&Arc<Replica>| {
            let state = replica.state();
            state.has(asked) && !state.is_silent(patience)
        };
        in_turn.find(is_new_enough).map(Arc::clone)
    }

    /// Tells what version the main database has.
    pub(crate) fn note(&self, version: DataVersion) {
        let mut newest = self.newest();
        if newest.is_none_or(|newest| !reaches(&newest, &version)) {
            *newest = Some(version);
        }
    }

    fn newest(&self) -> MutexGuard<'_, Option<DataVersion>> {
        self.0.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pools of all of them.
    pub(crate) fn connections(&self) -> impl Iterator<Item = &Connections> {
        self.0.all.iter().map(|replica| &replica.connections)
    }
}

impl Replica {
    /// Its connections.
    pub(crate) const fn connections(&self) -> &Connections {
        &self.connections
    }

    /// All rows of a query, as [`Connections::fetch_all_within`] gives them; `None` if the
    /// replica cannot: then it is left alone for a while.
    ///
    /// # Errors
    /// Those of the query.
    pub(crate) async fn fetch_all_within<'q, Q>(
        self: &Arc<Self>,
        territories: Option<&[i32]>,
        query: impl Fn() -> Q,
    ) -> Option<sqlx::Result<Vec<PgRow>>>
    where
        Q: Execute<'q, Postgres> + 'q,
    {
        if self.state().is_down {
            return None;
        }
        let fetched = tokio::select! {
            biased;
            fetched = self.connections.fetch_all_once(territories, query()) => fetched,
            () = self.silence() => return None,
        };
        match fetched {
            Err(error) if is_replicas_own(&error) => {
                self.note(&error);
                None
            }
            fetched => Some(fetched),
        }
    }

    /// Begins a snapshot, as [`Snapshots::begin`] does; `None` if the replica cannot.
    pub(crate) async fn snapshots(
        self: &Arc<Self>,
        options: SnapshotOptions<'_>,
        with_second: bool,
    ) -> Option<Snapshots> {
        if self.state().is_down {
            return None;
        }
        let begun = tokio::select! {
            biased;
            begun = Snapshots::begin(&self.connections, options, with_second) => begun,
            () = self.silence() => return None,
        };
        begun.inspect_err(|error| self.down(&error.detail())).ok()
    }

    /// Whether it has that version now: it may have been promoted or started anew since it
    /// told so. Without a version, whether it answers.
    pub(crate) async fn still_has(self: &Arc<Self>, version: Option<&DataVersion>) -> bool {
        let asked = timeout(SILENCE, Arc::clone(self).ask()).await;
        asked.is_ok() && self.state().has(version)
    }

    /// The pool to it.
    pub(crate) fn pool(&self) -> &PgPool {
        self.connections.pool()
    }

    /// Ends when the replica does not tell its version any more.
    async fn silence(self: &Arc<Self>) {
        loop {
            // Paces the checks of a long statement.
            sleep(CHECKED).await;
            if timeout(SILENCE, Arc::clone(self).ask()).await.is_err() {
                self.down("it has fallen silent");
            }
            if self.state().is_down {
                return;
            }
        }
    }

    async fn ask(self: Arc<Self>) {
        self.state().asked.get_or_insert_with(Instant::now);
        match self.versions.current().await {
            Ok(version) => {
                let mut state = self.state();
                if std::mem::take(&mut state.is_down) {
                    tracing::info!(replica = %self.name, "the replica answers again");
                }
                state.replayed = Some(version.all);
                (state.told, state.asked) = (Some(Instant::now()), None);
            }
            Err(error) => self.down(&error.detail()),
        }
    }

    /// What a query met: a conflict with what is being replayed passes, anything else may not.
    fn note(&self, error: &sqlx::Error) {
        sessions::note(error);
        let state = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if matches!(state.as_deref(), Some("40001" | "40P01")) {
            tracing::debug!(replica = %self.name, %error, "a query gave way to what is replayed");
        } else {
            self.down(&error.to_string());
        }
    }

    fn down(&self, reason: &str) {
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
    /// Whether it has replayed this version; any if none is asked for.
    fn has(&self, asked: Option<&DataVersion>) -> bool {
        self.replayed.is_some_and(|replayed| asked.is_none_or(|asked| reaches(&replayed, asked)))
    }

    /// Whether it has been asked for longer than that.
    fn is_silent(&self, patience: Duration) -> bool {
        self.asked.is_some_and(|asked| asked.elapsed() >= patience)
    }

    /// Whether the replica is to be asked before it may answer a request for this version.
    fn is_due(&self, asked: Option<&DataVersion>, patience: Duration) -> bool {
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

/// Whether who has the one version has all of the other. Both of its parts ascend, so that one
/// of them tells a number that was given again by another server. While triggers are disabled,
/// nobody can tell.
fn reaches(version: &DataVersion, other: &DataVersion) -> bool {
    version.unwatched == 0
        && other.unwatched == 0
        && version.version >= other.version
        && version.as_of >= other.as_of
}

/// Whether another server may give what this one could not.
fn is_replicas_own(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_))
        || sessions::may_succeed_on_another(error)
        || error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|state| OF_THE_SERVER.contains(&state.as_ref()))
}

/// The server starts, is stopped by a conflict with what it replays, or has no room; its user,
/// password, database or roles are not those of the main one.
const OF_THE_SERVER: [&str; 8] =
    ["57P03", "57P04", "40P01", "53300", "28000", "28P01", "3D000", "42501"];

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
            (version(8, 99, 0), false),
            (version(9, 120, 3), false),
        ] {
            assert_eq!(reaches(&has, &asked), reached, "{has:?}");
        }
        assert!(!reaches(&version(9, 120, 0), &version(7, 100, 5)));
    }

    #[test]
    fn a_replica_is_asked_after_a_commit_and_left_alone_after_a_failure() {
        let asked = version(7, 100, 0);
        assert!(State::default().is_due(Some(&asked), PATIENCE), "never asked");
        let state = |replayed, pause, is_down| {
            let told = Instant::now().checked_sub(pause);
            State { replayed, told, asked: None, is_down }
        };
        let long_ago = Duration::from_secs(60);
        for (replayed, is_down) in
            [(Some(asked), false), (Some(version(6, 99, 0)), false), (None, true)]
        {
            assert!(
                state(replayed, long_ago, is_down).is_due(Some(&asked), PATIENCE),
                "{replayed:?}"
            );
        }
        for (replayed, is_down) in [(Some(asked), false), (None, true)] {
            let state = state(replayed, Duration::ZERO, is_down);
            assert!(!state.is_due(Some(&asked), PATIENCE), "{replayed:?} is told a moment ago");
        }
        let silent = State { asked: Instant::now().checked_sub(long_ago), ..State::default() };
        assert!(!silent.is_due(Some(&asked), LONG_PATIENCE), "it is being asked");
    }
}
