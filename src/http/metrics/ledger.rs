//! What Postgres says: of loads, of jobs, of the version of the data. It is asked when somebody
//! asks for metrics, at most every few seconds, over a connection of its own and for a limited
//! time. Without it the other metrics are there all the same.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;

use crate::db::data_version::DataVersion;
use crate::job::{Depth, depths};
use crate::load::{ENDED, ROW_OUTCOMES, Standing, Totals, standing, totals};
use crate::telemetry::metrics::{Exposition, names};

/// Shortest time between two times that Postgres is asked.
const PAUSE: Duration = Duration::from_secs(5);
/// Longest time that this takes.
const PATIENCE: Duration = Duration::from_secs(3);
/// After which Postgres cancels one of the statements, in milliseconds.
const STATEMENT_TIMEOUT: &str = "1500";

/// Asks Postgres for metrics.
#[derive(Debug)]
pub struct Ledger {
    asking: tokio::sync::Mutex<Asking>,
    told: Arc<Mutex<Told>>,
}

#[derive(Debug)]
struct Asking {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    last: Option<Instant>,
}

/// What was told; `None` for what was not.
#[derive(Debug, Default)]
struct Told {
    at: Option<Instant>,
    totals: Option<Totals>,
    standing: Option<Standing>,
    queue: Option<Vec<Depth>>,
    version: Option<DataVersion>,
}

impl Told {
    /// Seconds since then.
    fn age(&self) -> f64 {
        self.at.map_or(0.0, |at| at.elapsed().as_secs_f64())
    }
}

impl Ledger {
    /// Asks the main database. Connects when it is first asked.
    #[must_use]
    pub fn new(options: PgConnectOptions) -> Self {
        let options = options
            .application_name("salesgraph metrics")
            .options([("statement_timeout", STATEMENT_TIMEOUT)]);
        let asking = Asking { options, connection: None, last: None };
        Self { asking: tokio::sync::Mutex::new(asking), told: Arc::default() }
    }

    /// Asks Postgres, unless it was asked just now.
    pub(super) async fn refresh(&self) {
        let mut asking = self.asking.lock().await;
        if asking.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        let mut told = Told { at: Some(Instant::now()), ..Told::default() };
        // What was told before the time was over counts.
        let asked = timeout(PATIENCE, asking.ask(&mut told)).await;
        match asked {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "Postgres does not tell the metrics of loads and jobs")
            }
            Err(_) => {
                tracing::warn!("Postgres does not tell the metrics of loads and jobs in time")
            }
        }
        asking.last = Some(Instant::now());
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
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
                    ("loads", told.totals.is_some()),
                    ("rejects", told.standing.is_some()),
                    ("queue", told.queue.is_some()),
                    ("data", told.version.is_some()),
                ];
                for (part, is_up) in parts {
                    samples.add(&[part], f64::from(u8::from(is_up)));
                }
            });
        });
        let version = self.value(|told| told.version.map(|version| version.version as f64));
        exposition.add_value(&names::DATA_VERSION, version);
        let as_of = self.value(|told| told.version.map(|version| seconds(version.as_of)));
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
        let last = self.value(|told| told.totals.as_ref()?.last_success.map(seconds));
        exposition.add_value(&names::LAST_SUCCESS, last);
        let age = self.value(|told| Some(told.totals.as_ref()?.last_success_age? + told.age()));
        exposition.add_value(&names::LAST_SUCCESS_AGE, age);
    }

    fn expose_queue(&self, exposition: &mut Exposition) {
        let told = self.reader();
        exposition.add(&names::QUEUE_JOBS, move |samples| {
            told(&mut |told| {
                for depth in told.queue.iter().flatten() {
                    samples.add(&[depth.task, "due"], depth.due as f64);
                    samples.add(&[depth.task, "later"], depth.later as f64);
                    samples.add(&[depth.task, "running"], depth.running as f64);
                }
            });
        });
        let told = self.reader();
        exposition.add(&names::QUEUE_AGE, move |samples| {
            told(&mut |told| {
                for depth in told.queue.iter().flatten() {
                    samples.add(&[depth.task], depth.oldest_age);
                }
            });
        });
        let told = self.reader();
        exposition.add(&names::QUEUE_WAIT, move |samples| {
            told(&mut |told| {
                for depth in told.queue.iter().flatten() {
                    samples.add(&[depth.task], depth.oldest_wait);
                }
            });
        });
    }

    /// Reads what was told last.
    fn reader(&self) -> impl Fn(&mut dyn FnMut(&Told)) + Send + Sync + use<> {
        let told = Arc::clone(&self.told);
        move |read| read(&told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn value(
        &self,
        of: impl Fn(&Told) -> Option<f64> + Send + Sync + 'static,
    ) -> impl Fn() -> Option<f64> + Send + Sync + 'static {
        let told = Arc::clone(&self.told);
        move || of(&told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Asking {
    /// Asks one statement after the other. One that fails leaves the others be, unless the
    /// connection is lost.
    async fn ask(&mut self, told: &mut Told) -> sqlx::Result<()> {
        // Kept only if it comes through: it may otherwise be busy with what was given up.
        let mut connection = match self.connection.take() {
            Some(mut known) => match known.ping().await {
                Ok(()) => known,
                Err(_) => self.options.connect().await?,
            },
            None => self.options.connect().await?,
        };
        let mut failed = None;
        keep(&mut told.version, DataVersion::read(&mut connection).await, &mut failed)?;
        keep(&mut told.queue, depths(&mut connection).await, &mut failed)?;
        keep(&mut told.totals, totals(&mut connection).await, &mut failed)?;
        keep(&mut told.standing, standing(&mut connection).await, &mut failed)?;
        self.connection = Some(connection);
        failed.map_or(Ok(()), Err)
    }
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
