//! Keeps the columns at the version of the data that requests ask for: made when the first one
//! asks, and made anew when one finds them to be of an older version.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};
use tokio::time::sleep_until;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::groups::{Groups, Shown};
use super::question::{Question, Refusal};
use super::read::{Read, TABLES, read};
use super::sales::Sales;
use super::work::Bounds;
use crate::db::connections::Connections;
use crate::db::data_version::tables::TableSet;
use crate::db::data_version::{DataVersion, DataVersions, Versions};
use crate::error::Result;
use crate::telemetry::metrics::{self, RefreshOutcome};

/// Reading the columns may take this part of the time: after it, twice as long passes before it
/// is done again.
const PAUSE: u32 = 2;
/// After a failure at least so much passes.
const PAUSE_OF_FAILURE: Duration = Duration::from_secs(30);
/// Most threads of one question.
const MOST_THREADS: usize = 4;
/// Least memory for a question beside the columns.
const LEAST_SCRATCH: usize = 32 << 20;

/// The columns, as far as they are there. Clones share them.
#[derive(Clone)]
pub struct Copies(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    /// Ends what is being read.
    _stop: DropGuard,
}

struct Shared {
    connections: Connections,
    versions: DataVersions,
    /// Most bytes of the columns.
    most: usize,
    state: Mutex<State>,
    /// Whether they are being read.
    reading: watch::Sender<bool>,
    /// Questions that are worked on at once.
    places: Arc<Semaphore>,
    threads: usize,
    stop: CancellationToken,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    /// The version of which they could not be made, and why.
    refused: Option<(DataVersion, Miss)>,
    /// Before this moment they are not made again.
    next: Option<Instant>,
    /// Whether the last attempt has failed.
    has_failed: bool,
}

struct Kept {
    sales: Arc<Sales>,
    version: DataVersion,
}

/// Why rows are read instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// The columns are not there yet, or of another version.
    Outdated,
    /// They take more memory than they may.
    TooLarge,
    /// They could not be read.
    Failed,
    /// Nobody can tell whether they are right, as triggers are disabled.
    Unwatched,
    /// They have no exact answer.
    Unsupported,
    /// The data have changed meanwhile.
    Changed,
}

impl Miss {
    /// The value of a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outdated => "outdated",
            Self::TooLarge => "too_large",
            Self::Failed => "failed",
            Self::Unwatched => "unwatched",
            Self::Unsupported => "unsupported",
            Self::Changed => "changed",
        }
    }
}

impl Copies {
    /// None yet; of at most so many bytes. They are read by these connections' database and
    /// role, over a connection of their own.
    #[must_use]
    pub fn new(connections: Connections, versions: DataVersions, most: usize) -> Self {
        let stop = CancellationToken::new();
        let threads = available_parallelism().map_or(1, usize::from);
        let shared = Shared {
            connections,
            versions,
            most,
            state: Mutex::default(),
            reading: watch::Sender::new(false),
            places: Arc::new(Semaphore::new(threads)),
            threads: threads.min(MOST_THREADS),
            stop: stop.clone(),
        };
        Self(Arc::new(Inner { shared: Arc::new(shared), _stop: stop.drop_guard() }))
    }

    /// The columns, if they are of the version that a request has seen. Otherwise they are read
    /// for later ones, unless that was tried too recently.
    ///
    /// # Errors
    /// Why the rows are to be read.
    pub fn at(&self, seen: &Versions) -> Result<Arc<Sales>, Miss> {
        if seen.all.unwatched != 0 {
            return Err(Miss::Unwatched);
        }
        let shared = &self.0.shared;
        let wanted = seen.of(*TABLES);
        let mut state = shared.state();
        if let Some(kept) = &state.kept {
            if kept.version == wanted {
                return Ok(Arc::clone(&kept.sales));
            }
            if kept.version.version > wanted.version && kept.version.as_of >= wanted.as_of {
                // Another request has seen what this one has not.
                return Err(Miss::Outdated);
            }
        }
        if let Some((version, why)) = state.refused
            && version == wanted
        {
            return Err(why);
        }
        let is_due = state.next.is_none_or(|next| next <= Instant::now());
        if is_due && !shared.reading.send_replace(true) {
            // Nobody can use them any more, and there is memory for one.
            state.kept = None;
            metrics::columns_kept(0);
            tokio::spawn(Arc::clone(shared).refresh());
        }
        Err(if state.has_failed { Miss::Failed } else { Miss::Outdated })
    }

    /// Whether none of these tables has changed since a request has seen them.
    pub async fn is_still(&self, seen: &Versions, tables: TableSet) -> bool {
        let now = self.0.shared.versions.current().await;
        now.is_ok_and(|now| seen.all.unwatched == 0 && now.of(tables) == seen.of(tables))
    }

    /// Ends when the columns are not being read.
    pub async fn settled(&self) {
        let mut reading = self.0.shared.reading.subscribe();
        // The sender is there as long as this is.
        let _ = reading.wait_for(|is| !is).await;
    }

    /// Ends when the columns are not being read, and may be read again.
    pub async fn due(&self) {
        self.settled().await;
        let next = self.0.shared.state().next;
        if let Some(next) = next {
            sleep_until(next.into()).await;
        }
    }

    /// The groups of a question that are shown. Who drops this ends the work.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask(
        &self,
        sales: Arc<Sales>,
        question: Question,
        shown: Shown,
    ) -> Result<Groups, Refusal> {
        let shared = &self.0.shared;
        let place = Arc::clone(&shared.places).acquire_owned().await;
        let place = place.map_err(|_| Refusal::Cancelled)?;
        let (threads, bytes) = (shared.threads, shared.most.max(LEAST_SCRATCH));
        let waiting = Waiting::default();
        let cancelled = Arc::clone(&waiting.0);
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            let bounds = Bounds { threads, bytes, cancelled: &cancelled };
            sales.ask(&question, &shown, bounds)
        });
        let answered = work.await.unwrap_or(Err(Refusal::Cancelled));
        drop(waiting);
        answered
    }
}

/// Sets what it holds when it is dropped.
#[derive(Default)]
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn refresh(self: Arc<Self>) {
        let ended = Ended(&self.reading);
        let started = Instant::now();
        let read = tokio::select! {
            biased;
            () = self.stop.cancelled() => return,
            read = Box::pin(read(&self.connections, self.most)) => read,
        };
        let elapsed = started.elapsed();
        self.keep(read, elapsed);
        drop(ended);
    }

    fn keep(&self, read: Result<Read>, elapsed: Duration) {
        let mut state = self.state();
        state.has_failed = false;
        state.next = Instant::now().checked_add(elapsed.saturating_mul(PAUSE));
        let outcome = match read {
            Ok(Read::Done(sales, versions)) => {
                let (bytes, lines) = (sales.bytes(), sales.line_count());
                metrics::columns_kept(bytes);
                tracing::debug!(lines, bytes, ?elapsed, "read the columns for aggregates");
                let version = versions.of(*TABLES);
                state.kept = Some(Kept { sales: Arc::from(sales), version });
                state.refused = None;
                RefreshOutcome::Done
            }
            Ok(Read::TooLarge(needed, versions)) => {
                let was_known = matches!(state.refused, Some((_, Miss::TooLarge)));
                if !was_known {
                    let most = self.most;
                    tracing::warn!(
                        needed,
                        most,
                        "aggregates are read row by row: their columns take about this many \
                         bytes; set analytics.memory (ANALYTICS_MEMORY) to more, or to 0 to do \
                         without"
                    );
                }
                state.refused = Some((versions.of(*TABLES), Miss::TooLarge));
                RefreshOutcome::TooLarge
            }
            Err(error) => {
                tracing::warn!(error = error.detail(), "the columns for aggregates are not read");
                state.has_failed = true;
                state.next = state.next.max(Instant::now().checked_add(PAUSE_OF_FAILURE));
                RefreshOutcome::Failed
            }
        };
        metrics::columns_read(outcome, elapsed);
    }
}

/// Tells that the columns are not read any more.
struct Ended<'a>(&'a watch::Sender<bool>);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

impl fmt::Debug for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copies").field("most", &self.0.shared.most).finish_non_exhaustive()
    }
}
