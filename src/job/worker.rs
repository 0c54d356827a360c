//! A worker: takes jobs from the queue, as many at a time as it has places.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures_util::future::join_all;
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::background::Background;
use super::execution::{Executor, STOP_TIMEOUT};
use super::handler::Handler;
use super::lease::Delivery;
use super::retention::prune;
use super::schedule::{self, Schedule};
use super::task::{Lane, Task, code};
use crate::db::schema::QUEUE_SCHEMA;
use crate::error::{Code, Error, Result};
use crate::load::holder;

/// How often idle places look for jobs of which no notification came: those that were put
/// off, or left by a killed worker.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Pause before the queue is listened to again after Postgres went away.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// How often ended jobs are forgotten.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);
/// Longest time between two looks at the schedules, whose clock is that of the day.
const SCHEDULE_INTERVAL: Duration = Duration::from_secs(30);
/// Places of short jobs.
const SHORT_JOBS: usize = 2;

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// Reports made at a time.
    pub reports: usize,
    /// Questions to the lake at a time.
    pub lake_queries: usize,
    /// How long jobs under way may go on at shutdown before they are handed back.
    pub grace: Duration,
    /// How often it shows that it is alive, and looks for workers that are not.
    pub heartbeat: Duration,
    /// Without a sign for so long a worker counts as dead, and its jobs are taken over.
    pub dead_after: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            reports: 2,
            lake_queries: 1,
            grace: Duration::from_secs(10),
            heartbeat: Duration::from_secs(5),
            dead_after: Duration::from_secs(20),
        }
    }
}

/// Takes jobs from the queue and runs their handlers.
pub struct Worker {
    pool: PgPool,
    options: WorkerOptions,
    handlers: HashMap<Task, Arc<dyn Handler>>,
    schedules: Vec<Schedule>,
    background: Vec<Arc<dyn Background>>,
}

impl Worker {
    /// A worker on the main database. Each of its lanes keeps one connection of the pool, and
    /// takes others for moments.
    #[must_use]
    pub fn new(pool: PgPool, options: WorkerOptions) -> Self {
        Self {
            pool,
            options,
            handlers: HashMap::new(),
            schedules: Vec::new(),
            background: Vec::new(),
        }
    }

    /// Adds the handler of a task. Jobs of tasks without one are left to other workers.
    #[must_use]
    pub fn handle(mut self, task: Task, handler: Arc<dyn Handler>) -> Self {
        self.handlers.insert(task, handler);
        self
    }

    /// Adds a schedule.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedules.push(schedule);
        self
    }

    /// Adds work beside the jobs.
    #[must_use]
    pub fn beside(mut self, work: Arc<dyn Background>) -> Self {
        self.background.push(work);
        self
    }

    /// Works until `stop`; jobs under way then have some time to end, and are handed back if
    /// they do not. A loss of Postgres is waited out.
    ///
    /// # Errors
    /// `INTERNAL` if a part of the worker panicked.
    pub async fn run(self, stop: CancellationToken) -> Result<()> {
        let executor = Arc::new(Executor {
            pool: self.pool.clone(),
            handlers: self.handlers,
            worker: holder(),
            grace: self.options.grace,
            stop: stop.clone(),
            running: watch::Sender::default(),
        });
        let lanes = Lane::ALL.into_iter().filter_map(|lane| {
            let mut tasks: Vec<Task> = executor.handlers.keys().copied().collect();
            tasks.retain(|task| Lane::of(*task) == lane);
            let work = serve_lane(Arc::clone(&executor), self.options.clone(), lane, tasks.clone());
            (!tasks.is_empty()).then(|| tokio::spawn(work))
        });
        let mut parts: Vec<_> = lanes.collect();
        for work in self.background {
            let stop = stop.clone();
            parts.push(tokio::spawn(async move { work.run(stop).await }));
        }
        parts.push(tokio::spawn(keep_schedules(self.pool.clone(), self.schedules, stop.clone())));
        parts.push(tokio::spawn(keep_pruned(self.pool, stop)));
        let ended = join_all(parts).await;
        // What is still under way then is lost, as if the worker had been killed.
        let _ = timeout(self.options.grace + STOP_TIMEOUT * 2, executor.running.closed()).await;
        let panicked = |error| Error::internal("a part of the worker panicked").with_source(error);
        ended.into_iter().try_for_each(|part| part.map_err(panicked))
    }
}

/// Listens and runs jobs, again after each failure, until the worker stops.
async fn serve_lane(executor: Arc<Executor>, options: WorkerOptions, lane: Lane, tasks: Vec<Task>) {
    while !executor.stop.is_cancelled() {
        let Err(error) = listen(&executor, &options, lane, &tasks).await else { continue };
        tracing::warn!(?lane, error = error.detail(), "the queue is listened to again");
        tokio::select! {
            () = executor.stop.cancelled() => {}
            () = sleep(RESTART_PAUSE) => {}
        }
    }
}

async fn listen(
    executor: &Arc<Executor>,
    options: &WorkerOptions,
    lane: Lane,
    tasks: &[Task],
) -> Result<()> {
    let places = match lane {
        Lane::Loads => 1,
        Lane::Reports => options.reports.max(1),
        Lane::Lake => options.lake_queries.max(1),
        Lane::Short => SHORT_JOBS,
    };
    let mut library = graphile_worker::WorkerOptions::default()
        .pg_pool(executor.pool.clone())
        .schema(QUEUE_SCHEMA)
        .concurrency(places)
        .poll_interval(POLL_INTERVAL)
        .heartbeat_interval(options.heartbeat)
        .sweep_interval(options.heartbeat)
        .sweep_threshold(options.dead_after)
        .recovery_delay(Duration::ZERO)
        .listen_os_shutdown_signals(false)
        .shutdown_signal(executor.stop.clone().cancelled_owned())
        // Jobs are stopped by their execution; the library only waits for that.
        .shutdown_grace_period(options.grace + STOP_TIMEOUT * 2)
        .shutdown_interrupted_job_retry_delay(options.dead_after)
        .add_extension(Shared(Arc::clone(executor)));
    for task in tasks {
        library = match task {
            Task::Load => library.define_job::<Entry<{ Task::Load as u8 }>>(),
            Task::ReplayRejects => library.define_job::<Entry<{ Task::ReplayRejects as u8 }>>(),
            Task::DemandForecast => library.define_job::<Entry<{ Task::DemandForecast as u8 }>>(),
            Task::Report => library.define_job::<Entry<{ Task::Report as u8 }>>(),
            Task::SweepReports => library.define_job::<Entry<{ Task::SweepReports as u8 }>>(),
            Task::Notify => library.define_job::<Entry<{ Task::Notify as u8 }>>(),
            Task::RefreshRates => library.define_job::<Entry<{ Task::RefreshRates as u8 }>>(),
            Task::StoreRates => library.define_job::<Entry<{ Task::StoreRates as u8 }>>(),
            Task::LakeQuery => library.define_job::<Entry<{ Task::LakeQuery as u8 }>>(),
        };
    }
    let failed = |error: &dyn fmt::Display| {
        Error::new(Code::Unavailable, "the queue cannot be listened to")
            .with_source(error.to_string())
    };
    let library = library.init().await.map_err(|error| failed(&error))?;
    library.run().await.map_err(|error| failed(&error))
}

/// An entry of the queue, for the task of that number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Entry<const TASK: u8>(Delivery);

impl<const TASK: u8> TaskHandler for Entry<TASK> {
    const IDENTIFIER: &'static str = identifier(TASK);

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(Shared(executor)) = context.get_ext::<Shared>() else {
            return Err("the worker has no executor".to_owned());
        };
        // The error reaches the library's table and its log.
        executor.deliver(self.0).await.map_err(|error| error.message().to_owned())
    }
}

/// The code of the task of a number.
const fn identifier(task: u8) -> &'static str {
    const LOAD: u8 = Task::Load as u8;
    const REPLAY: u8 = Task::ReplayRejects as u8;
    const FORECAST: u8 = Task::DemandForecast as u8;
    const REPORT: u8 = Task::Report as u8;
    const SWEEP: u8 = Task::SweepReports as u8;
    const REFRESH_RATES: u8 = Task::RefreshRates as u8;
    const STORE_RATES: u8 = Task::StoreRates as u8;
    const LAKE_QUERY: u8 = Task::LakeQuery as u8;
    code(match task {
        LOAD => Task::Load,
        REPLAY => Task::ReplayRejects,
        FORECAST => Task::DemandForecast,
        REPORT => Task::Report,
        SWEEP => Task::SweepReports,
        REFRESH_RATES => Task::RefreshRates,
        STORE_RATES => Task::StoreRates,
        LAKE_QUERY => Task::LakeQuery,
        _ => Task::Notify,
    })
}

/// The executor, as the library carries it.
#[derive(Clone)]
struct Shared(Arc<Executor>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

/// Adds jobs at their due times.
async fn keep_schedules(pool: PgPool, schedules: Vec<Schedule>, stop: CancellationToken) {
    while !schedules.is_empty() && !stop.is_cancelled() {
        for schedule in &schedules {
            if let Err(error) = schedule.tick(&pool, Utc::now()).await {
                let name = schedule.name();
                tracing::warn!(schedule = name, error = error.detail(), "not looked at");
            }
        }
        let pause = schedule::until_next(&schedules, Utc::now()).min(SCHEDULE_INTERVAL);
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(pause) => {}
        }
    }
}

/// Forgets ended jobs.
async fn keep_pruned(pool: PgPool, stop: CancellationToken) {
    let mut due = interval(PRUNE_INTERVAL);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = due.tick() => {}
        }
        if let Err(error) = prune(&pool).await {
            tracing::warn!(error = error.detail(), "ended jobs are not forgotten");
        }
    }
}
