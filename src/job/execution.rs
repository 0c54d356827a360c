//! One delivery of a job, from its beginning to its end or its return to the queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::handler::{Handler, Run};
use super::lease::{self, Back, Delivery, Lease};
use super::retry::{MAX_WAIT, backoff, is_transient, wait};
use super::span;
use super::task::{Task, code};
use crate::error::{Code, Error, Result};
use crate::telemetry::metrics::{JobOutcome, job_ended};
use crate::telemetry::trace::{self, Span};

/// How long a job that was told to stop may take before it is dropped.
pub(super) const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a worker looks whether a job is still its own.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// After this long a job without a handler is looked at by another worker.
const NO_HANDLER: Duration = Duration::from_secs(30);
/// Pauses between the attempts to record an outcome. They bridge a restart of Postgres;
/// after that the job counts as lost.
const RECORD: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
    Duration::from_secs(10),
];

/// What runs jobs in this process.
pub(super) struct Executor {
    pub(super) pool: PgPool,
    pub(super) handlers: HashMap<Task, Arc<dyn Handler>>,
    /// Host and process id.
    pub(super) worker: String,
    /// How long jobs may go on when the worker shuts down.
    pub(super) grace: Duration,
    pub(super) stop: CancellationToken,
    /// Each execution under way holds a receiver, also one that the library has dropped.
    pub(super) running: watch::Sender<()>,
}

/// What becomes of a job.
#[derive(Debug)]
enum Verdict {
    Succeeded,
    /// Back to the queue.
    Back {
        after: Duration,
        counts: bool,
        error: Option<Error>,
    },
    GiveUp(Error),
    /// It is another worker's, or canceled.
    Lost,
}

impl Verdict {
    /// What it is called in the log and in metrics, and the failure.
    fn outcome(&self) -> (&'static str, JobOutcome, Option<&Error>) {
        match self {
            Self::Succeeded => ("succeeded", JobOutcome::Succeeded, None),
            Self::Back { counts: true, error, .. } => {
                ("tried again later", JobOutcome::Retried, error.as_ref())
            }
            Self::Back { error, .. } => ("handed back", JobOutcome::Returned, error.as_ref()),
            Self::GiveUp(error) => ("failed", JobOutcome::Failed, Some(error)),
            Self::Lost => ("taken over or canceled", JobOutcome::Lost, None),
        }
    }
}

impl Executor {
    /// Runs the job of an entry of the queue. Dropping the future stops the job, which then
    /// goes back to the queue: the library drops its futures when its own statements fail.
    pub(super) async fn deliver(self: &Arc<Self>, delivery: Delivery) -> Result<()> {
        let stop = CancellationToken::new();
        let (work, running) =
            (Arc::clone(self).execute(delivery, stop.clone()), self.running.subscribe());
        let work = tokio::spawn(async move {
            let ended = work.await;
            drop(running);
            ended
        });
        let _stop_when_dropped = stop.drop_guard();
        work.await.map_err(|error| Error::internal("an execution panicked").with_source(error))?
    }

    async fn execute(self: Arc<Self>, delivery: Delivery, stop: CancellationToken) -> Result<()> {
        let begun = self.record(|| lease::begin(&self.pool, delivery, &self.worker)).await?;
        let Some(lease) = begun else { return Ok(()) };
        let span = span::run(lease.task, lease.id, lease.attempt, lease.trace_context.clone());
        let traced = async {
            let trace_id = trace::current_id();
            let logged = match &trace_id {
                Some(trace_id) => tracing::info_span!("job", trace_id),
                None => tracing::Span::none(),
            };
            self.run(lease, stop, span.as_ref()).instrument(logged).await
        };
        trace::within(span.as_ref(), traced).await
    }

    async fn run(&self, lease: Lease, stop: CancellationToken, span: Option<&Span>) -> Result<()> {
        let (task, started) = (code(lease.task), Instant::now());
        let run = Arc::new(Run {
            id: lease.id,
            attempt: lease.attempt,
            max_attempts: lease.max_attempts,
            payload: lease.payload.clone(),
            stop,
        });
        tracing::info!(job = %lease.id, task, attempt = lease.attempt, "the job begins");
        let verdict = match self.handlers.get(&lease.task) {
            None => Verdict::Back { after: NO_HANDLER, counts: false, error: None },
            Some(_) if lease.is_exhausted => Verdict::GiveUp(lost(lease.max_attempts)),
            Some(handler) => self.attend(&lease, handler, &run).await,
        };
        let (outcome, counted, error) = verdict.outcome();
        let elapsed = started.elapsed();
        job_ended(task, counted, elapsed);
        if let (Some(span), Some(error)) = (span, error) {
            span.fail(error.code().as_str());
        }
        tracing::info!(
            job = %lease.id, task, attempt = lease.attempt, outcome,
            error = error.map(Error::detail), seconds = elapsed.as_secs_f64(),
            "the job ends"
        );
        self.settle(&lease, &run, verdict).await
    }

    /// Runs the handler to its end, or until it must stop.
    async fn attend(&self, lease: &Lease, handler: &Arc<dyn Handler>, run: &Arc<Run>) -> Verdict {
        let (handler, running) = (Arc::clone(handler), Arc::clone(run));
        let work = async move { handler.run(&running).await };
        let mut work = tokio::spawn(trace::carried(work.in_current_span()));
        let mut check = interval(CHECK_INTERVAL);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        check.reset();
        let (mut grace_ends, mut dropped_at) = (None, None);
        let mut is_held = true;
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                () = self.stop.cancelled(), if grace_ends.is_none() => {
                    grace_ends = Some(Instant::now() + self.grace);
                }
                () = at(grace_ends), if !run.stop.is_cancelled() => run.stop.cancel(),
                () = run.stop.cancelled(), if dropped_at.is_none() => {
                    dropped_at = Some(Instant::now() + STOP_TIMEOUT);
                }
                () = at(dropped_at) => {
                    work.abort();
                    break Ok(Err(Error::new(Code::Timeout, "the job did not stop in time")));
                }
                _ = check.tick(), if is_held => {
                    is_held = lease.is_held(&self.pool).await.unwrap_or(true);
                    if !is_held {
                        run.stop.cancel();
                    }
                }
            }
        };
        match done {
            Ok(Ok(())) => Verdict::Succeeded,
            Ok(Err(_)) if !is_held => Verdict::Lost,
            Ok(Err(_)) if run.stop.is_cancelled() => {
                Verdict::Back { after: Duration::ZERO, counts: false, error: None }
            }
            Ok(Err(error)) => judge(lease, run, error),
            Err(panic) => Verdict::GiveUp(Error::internal("the job panicked").with_source(panic)),
        }
    }

    /// Records what becomes of the job.
    async fn settle(&self, lease: &Lease, run: &Run, verdict: Verdict) -> Result<()> {
        match verdict {
            Verdict::Succeeded => self.record(|| lease.succeed(&self.pool)).await?,
            Verdict::Lost => {}
            Verdict::Back { after, counts, error } => {
                let back = Back { after, counts, error: error.as_ref() };
                self.record(|| lease.put_back(&self.pool, &back)).await?;
            }
            Verdict::GiveUp(error) => {
                if let Some(handler) = self.handlers.get(&lease.task) {
                    // First where the outcome is looked for: a worker that is killed in
                    // between leaves a job that is given up again.
                    let told = self.record(|| handler.gave_up(run, &error)).await;
                    if let Err(error) = told {
                        if is_transient(&error) {
                            return Err(error);
                        }
                        // Again would not help; the job at least must end.
                        let (job, error) = (lease.id, error.detail());
                        tracing::error!(%job, error, "the end of a job is not recorded");
                    }
                }
                self.record(|| lease.fail(&self.pool, &error)).await?;
            }
        }
        lease::wake_others(&self.pool).await
    }

    /// Does something in Postgres, also if that is away for a moment.
    async fn record<T, F>(&self, work: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        for pause in RECORD {
            match work().await {
                Err(error) if is_transient(&error) => {
                    tracing::warn!(
                        error = error.detail(),
                        "the state of a job is not recorded yet"
                    );
                    sleep(pause).await;
                }
                done => return done,
            }
        }
        work().await
    }
}

/// What becomes of a job that failed by itself.
fn judge(lease: &Lease, run: &Run, error: Error) -> Verdict {
    if error.code() == Code::Locked {
        let waited = (Utc::now() - lease.created_at).to_std().unwrap_or_default();
        return if waited < MAX_WAIT {
            Verdict::Back { after: wait(waited), counts: false, error: Some(error) }
        } else {
            Verdict::GiveUp(error)
        };
    }
    if !is_transient(&error) || run.is_last() {
        return Verdict::GiveUp(error);
    }
    // Without randomness, jobs that failed together come back together.
    let [random, ..] = getrandom::u32().unwrap_or_default().to_le_bytes();
    Verdict::Back { after: backoff(lease.attempt, random), counts: true, error: Some(error) }
}

fn lost(attempts: i32) -> Error {
    let message = format!("its worker ended {attempts} times without finishing it");
    Error::internal(message)
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
