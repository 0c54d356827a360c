//! What Postgres says: of loads, of jobs, of the version of the data. It is asked when somebody
//! asks for metrics, at most every few seconds, over connections of its own and for a limited
//! time. Without it the other metrics are there all the same.
//!
//! What is read by an index is read for each of them. What all of the ledger has to be read for is
//! counted beside: it may take long, so what was counted last counts until then.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;

use crate::db::data_version::DataVersion;
use crate::job::{Depth, depths};
use crate::load::{
    ENDED, NewestLoad, ROW_OUTCOMES, Standing, Totals, newest_load, standing, totals,
};
use crate::telemetry::metrics::{Exposition, names};

/// Shortest time between two times that Postgres is asked.
const PAUSE: Duration = Duration::from_secs(5);
/// Longest time that this takes.
const PATIENCE: Duration = Duration::from_secs(3);
/// After which Postgres cancels one of the statements, in milliseconds.
const STATEMENT_TIMEOUT: &str = "1500";
/// Likewise of those that count.
const COUNT_TIMEOUT: &str = "60000";
/// Longest time to connect for that.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest time for all of it, should Postgres no longer answer.
const COUNT_PATIENCE: Duration = Duration::from_secs(300);
/// Counting takes one part in so many of the time of its connection.
const SHARE: u32 = 20;

/// Asks Postgres for metrics.
#[derive(Debug)]
pub struct Ledger {
    asking: tokio::sync::Mutex<Asking>,
    counting: Arc<tokio::sync::Mutex<Counting>>,
    told: Arc<Mutex<Told>>,
}

#[derive(Debug)]
struct Asking {
    options: PgConnectOptions,
    /// The address of the lake, from which loading again is no load of a source.
    lake: Option<String>,
    connection: Option<PgConnection>,
    last: Option<Instant>,
}

#[derive(Debug)]
struct Counting {
    options: PgConnectOptions,
    /// When the next count is due.
    next: Option<Instant>,
}

/// What was told; `None` for what was not.
#[derive(Debug, Default)]
struct Told {
    state: State,
    totals: Option<Totals>,
    standing: Option<Standing>,
}

/// What is asked for each time.
#[derive(Debug, Default)]
struct State {
    at: Option<Instant>,
    newest: Option<Option<NewestLoad>>,
    queue: Option<Vec<Depth>>,
    version: Option<DataVersion>,
}

impl State {
    /// Seconds since then.
    fn age(&self) -> f64 {
        self.at.map_or(0.0, |at| at.elapsed().as_secs_f64())
    }
}

impl Ledger {
    /// Asks the main database. Connects when it is first asked. `lake` is the address of the lake,
    /// if there is one.
    #[must_use]
    pub fn new(options: PgConnectOptions, lake: Option<&str>) -> Self {
        let options = options.application_name("salesgraph metrics");
        let of = |limit| options.clone().options([("statement_timeout", limit)]);
        let (lake, options) = (lake.map(str::to_owned), of(STATEMENT_TIMEOUT));
        let counting = Counting { options: of(COUNT_TIMEOUT), next: None };
        let asking = Asking { options, lake, connection: None, last: None };
        Self {
            asking: tokio::sync::Mutex::new(asking),
            counting: Arc::new(tokio::sync::Mutex::new(counting)),
            told: Arc::default(),
        }
    }

    /// Asks Postgres, unless it was asked just now.
    pub(super) async fn refresh(&self) {
        let mut asking = self.asking.lock().await;
        if asking.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        // A count that takes longer goes on.
        let counted = timeout(PATIENCE, self.count());
        let mut state = State { at: Some(Instant::now()), ..State::default() };
        // What was told before the time was over counts.
        let asked = timeout(PATIENCE, asking.ask(&mut state));
        let (asked, _) = tokio::join!(asked, counted);
        match asked {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "Postgres does not tell the metrics of loads and jobs");
            }
            Err(_) => {
                tracing::warn!("Postgres does not tell the metrics of loads and jobs in time");
            }
        }
        asking.last = Some(Instant::now());
        lock(&self.told).state = state;
    }

    /// Begins to count if that is due, and waits for it.
    async fn count(&self) {
        let Ok(mut counting) = Arc::clone(&self.counting).try_lock_owned() else { return };
        if counting.next.is_some_and(|next| next > Instant::now()) {
            return;
        }
        let told = Arc::clone(&self.told);
        let task = tokio::spawn(async move {
            let began = Instant::now();
            if let Err(error) = count(&counting.options, &told).await {
                tracing::warn!(%error, "Postgres does not count loads and rejected rows");
            }
            let pause = began.elapsed().saturating_mul(SHARE).max(PAUSE);
            counting.next = Instant::now().checked_add(pause);
        });
        // It ends by itself, or has panicked, which says the log.
        let _ = task.await;
    }

    /// Adds what is told to an exposition.
    pub(super) fn expose(&self, exposition: &mut Exposition) {
        self.expose_state(exposition);
        self.expose_loads(exposition);
        self.expose_queue(exposition);
    }

    fn expose_state(&self, exposition: &mut Exposition) {
        let told = self.reader();
        exposition.add(&names::LEDGER_UP, move |samples| {
            told(&mut |told| {
                let parts = [
                    ("newest_load", told.state.newest.is_some()),
                    ("loads", told.totals.is_some()),
                    ("rejects", told.standing.is_some()),
                    ("queue", told.state.queue.is_some()),
                    ("data", told.state.version.is_some()),
                ];
                for (part, is_up) in parts {
                    samples.add(&[part], f64::from(u8::from(is_up)));
                }
            });
        });
        let version = self.value(|told| told.state.version.map(|version| version.version as f64));
        exposition.add_value(&names::DATA_VERSION, version);
        let as_of = self.value(|told| told.state.version.map(|version| seconds(version.as_of)));
        exposition.add_value(&names::DATA_AS_OF, as_of);
    }

    fn expose_loads(&self, exposition: &mut Exposition) {
        let told = self.reader();
        exposition.add(&names::LOAD_ROWS, move |samples| {
            told(&mut |told| {
                let rows =
                    told.totals.iter().flat_map(|totals| ROW_OUTCOMES.iter().zip(totals.rows));
                for (outcome, count) in rows {
                    samples.add(&[outcome], count as f64);
                }
            });
        });
        let told = self.reader();
        exposition.add(&names::LOAD_RUNS, move |samples| {
            told(&mut |told| {
                let runs = told.totals.iter().flat_map(|totals| ENDED.iter().zip(totals.runs));
                for (state, count) in runs {
                    samples.add(&[state], count as f64);
                }
            });
        });
        let told = self.reader();
        exposition.add(&names::LOAD_REJECTS, move |samples| {
            told(&mut |told| {
                for (reason, count) in told.standing.iter().flat_map(|standing| &standing.rejects) {
                    samples.add(&[reason], *count as f64);
                }
            });
        });
        let parked = self.value(|told| Some(told.standing.as_ref()?.parked as f64));
        exposition.add_value(&names::LOAD_PARKED, parked);
        let last = self.value(|told| Some(seconds(told.state.newest??.at)));
        exposition.add_value(&names::LAST_SUCCESS, last);
        let age = self.value(|told| Some(told.state.newest??.age + told.state.age()));
        exposition.add_value(&names::LAST_SUCCESS_AGE, age);
    }

    fn expose_queue(&self, exposition: &mut Exposition) {
        let told = self.reader();
        exposition.add(&names::QUEUE_JOBS, move |samples| {
            told(&mut |told| {
                for depth in told.state.queue.iter().flatten() {
                    samples.add(&[depth.task, "due"], depth.due as f64);
                    samples.add(&[depth.task, "later"], depth.later as f64);
                    samples.add(&[depth.task, "running"], depth.running as f64);
                }
            });
        });
        let told = self.reader();
        exposition.add(&names::QUEUE_AGE, move |samples| {
            told(&mut |told| {
                for depth in told.state.queue.iter().flatten() {
                    samples.add(&[depth.task], depth.oldest_age);
                }
            });
        });
        let told = self.reader();
        exposition.add(&names::QUEUE_WAIT, move |samples| {
            told(&mut |told| {
                for depth in told.state.queue.iter().flatten() {
                    samples.add(&[depth.task], depth.oldest_wait);
                }
            });
        });
    }

    /// Reads what was told last.
    fn reader(&self) -> impl Fn(&mut dyn FnMut(&Told)) + Send + Sync + use<> {
        let told = Arc::clone(&self.told);
        move |read| read(&lock(&told))
    }

    fn value(
        &self,
        of: impl Fn(&Told) -> Option<f64> + Send + Sync + 'static,
    ) -> impl Fn() -> Option<f64> + Send + Sync + 'static {
        let told = Arc::clone(&self.told);
        move || of(&lock(&told))
    }
}

impl Asking {
    /// Asks one statement after the other. One that fails leaves the others be, unless the
    /// connection is lost.
    async fn ask(&mut self, told: &mut State) -> sqlx::Result<()> {
        // Kept only if it comes through: it may otherwise be busy with what was given up.
        let mut connection = match self.connection.take() {
            Some(mut known) => match known.ping().await {
                Ok(()) => known,
                Err(_) => self.options.connect().await?,
            },
            None => self.options.connect().await?,
        };
        let mut failed = None;
        let newest = newest_load(&mut connection, self.lake.as_deref()).await;
        keep(&mut told.newest, newest, &mut failed)?;
        keep(&mut told.version, DataVersion::read(&mut connection).await, &mut failed)?;
        keep(&mut told.queue, depths(&mut connection).await, &mut failed)?;
        self.connection = Some(connection);
        failed.map_or(Ok(()), Err)
    }
}

/// Counts what the whole ledger has to be read for. What cannot be counted is no longer told.
async fn count(options: &PgConnectOptions, told: &Mutex<Told>) -> sqlx::Result<()> {
    let (mut counted, mut stands, mut failed) = (None, None, None);
    let read = async {
        let connected = timeout(CONNECT, options.connect()).await;
        let mut connection = connected.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
        keep(&mut counted, totals(&mut connection).await, &mut failed)?;
        keep(&mut stands, standing(&mut connection).await, &mut failed)
    };
    let read = timeout(COUNT_PATIENCE, read).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    let mut told = lock(told);
    (told.totals, told.standing) = (counted, stands);
    read.and(failed.map_or(Ok(()), Err))
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a value, or the first error of a statement; fails if the connection is lost.
fn keep<T>(
    place: &mut Option<T>,
    read: sqlx::Result<T>,
    failed: &mut Option<sqlx::Error>,
) -> sqlx::Result<()> {
    match read {
        Ok(value) => *place = Some(value),
        Err(error @ sqlx::Error::Database(_)) => {
            failed.get_or_insert(error);
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_micros() as f64 / 1e6
}
