//! `salesgraph worker`

use std::sync::Arc;

use chrono_tz::Tz;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::wiring::{self, RatesParts};
use super::{metrics, output, shutdown};
use crate::config::{Config, CronTimes};
use crate::db::pool::{self, Settings};
use crate::error::{Error, Result};
use crate::graphql::Engine;
use crate::job::loads::{Loads, ScheduledLoad, ScheduledRefresh};
use crate::job::rates::{JobQueue, RefreshRates, ScheduledRates, SqsWork, StoreRates};
use crate::job::webhook::{LoadEnds, Notifier, ReportEnds, Webhook, WebhookOptions};
use crate::job::{
    AnswerFromLake, MakeReport, Schedule, ScheduledSweep, SweepReports, Task, Worker, WorkerOptions,
};
use crate::lake::curated::Curated;
use crate::lake::engine::{IS_BUILT_IN, LakeEngine};
use crate::load::{Ending, LoadOptions, RawOptions};
use crate::rates::{Fetcher, RawQueue};
use crate::report::{self, Reports};
use crate::storage::{S3Settings, SourceUri};

const EXAMPLES: &str = "\
Examples:
  salesgraph worker                        loads every night at 03:00 UTC, and what is asked for
  LOAD_SCHEDULE='30 2 * * 1-5' LOAD_SCHEDULE_TIME_ZONE=America/Sao_Paulo salesgraph worker
  LOAD_SCHEDULE=off salesgraph worker      only what is asked for: startLoad, replayRejects
  salesgraph serve --with-worker           the API and a worker in one process

Needs DATABASE_URL, and SOURCE_URI for scheduled loads. Any number may run, on any
number of machines: each job runs once, and a due time adds one load. A due time that
passed while none ran is made up for once, at the next start. The job of a worker that
is killed is taken over within half a minute. Ctrl-C lets jobs end for WORKER_GRACE,
then hands them back; a second Ctrl-C does not wait.";

/// When what is left of reports is removed.
const SWEEPS: &str = "*/10 * * * *";

/// Most connections of a worker's pool; loads have connections of their own.
const CONNECTIONS: u32 = 12;

/// Arguments of `worker`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Bring the schema up to date first
    #[arg(long)]
    pub migrate: bool,
}

/// Works until a signal.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    let parts = Parts::of(config).await?;
    wiring::ready_schema(config, args.migrate).await?;
    let stop = CancellationToken::new();
    shutdown::cancel_on_signal(stop.clone())?;
    let pool = parts.pool().await?;
    let worker = parts.worker(config, &pool).await?;
    let mut server =
        metrics::bind(config, parts.database.clone(), config.lake.uri.as_deref()).await?;
    metrics::add_worker(&mut server, &pool);
    let server = metrics::serve(server);
    output::print("working; Ctrl-C ends\n")?;
    let ended = worker.run(stop).await;
    server.end().await;
    ended?;
    pool.close().await;
    Ok(Exit::Done)
}

/// What a worker works with.
#[derive(Clone)]
pub(super) struct Parts {
    /// The main database.
    pub(super) database: PgConnectOptions,
    /// The same as a URL.
    pub(super) url: String,
    pub(super) s3: S3Settings,
    /// Where scheduled loads look for files.
    pub(super) source: Option<SourceUri>,
    /// Where reports go.
    pub(super) reports: Option<Reports>,
    /// How rates are fetched.
    pub(super) rates: Option<RatesParts>,
    /// The lake that loads write.
    pub(super) lake: Option<Curated>,
}

impl Parts {
    /// As configured.
    pub(super) async fn of(config: &Config) -> Result<Self> {
        Ok(Self {
            database: wiring::connect_options(config)?,
            url: config.database.require_url()?.expose().to_owned(),
            s3: S3Settings::from(&config.storage),
            source: wiring::source_uri(config)?,
            reports: wiring::reports(config).await?,
            rates: wiring::rates(config).await?,
            lake: wiring::curated(config).await?,
        })
    }

    /// The pool of a worker. Its statements are short, or take as long as they take.
    pub(super) async fn pool(&self) -> Result<PgPool> {
        pool::connect(&Settings { max_connections: CONNECTIONS, ..Settings::new(&self.url) }).await
    }

    /// A worker for all tasks, with the configured schedules.
    pub(super) async fn worker(&self, config: &Config, pool: &PgPool) -> Result<Worker> {
        let webhook = webhook(config)?;
        let raw = self.rates.as_ref().filter(|_| config.lake.raw);
        let raw =
            raw.map(|rates| RawOptions { lake: rates.lake.clone(), keep: config.lake.raw_keep });
        let loads = Arc::new(Loads {
            pool: pool.clone(),
            database: self.database.clone(),
            s3: self.s3.clone(),
            options: LoadOptions { raw, ..wiring::load_options(config, false).await? },
            ending: ending(config),
            lake: self.lake.clone(),
        });
        let options = WorkerOptions {
            reports: config.worker.parallel_reports,
            lake_queries: config.lake.engine_parallel,
            grace: config.worker.grace,
            heartbeat: config.worker.dead_after / 4,
            dead_after: config.worker.dead_after,
        };
        let mut worker = Worker::new(pool.clone(), options)
            .handle(Task::Load, loads.clone())
            .handle(Task::ReplayRejects, loads.clone())
            .handle(Task::DemandForecast, loads);
        worker = self.with_reports(worker, config, pool).await?;
        worker = self.with_rates(worker, pool)?;
        worker = self.with_lake(worker, config, pool)?;
        if let Some(webhook) = webhook {
            worker = worker.handle(Task::Notify, Arc::new(webhook));
        }
        match (&config.worker.load_schedule, &self.source) {
            (Some(times), Some(source)) => {
                let (source, mode) = (source.to_string(), config.load.mode);
                let due = Arc::new(ScheduledLoad { source, mode });
                worker = worker.schedule(Schedule::new("load", times.clone(), due));
            }
            (Some(_), None) => {
                tracing::warn!("SOURCE_URI is not set: nothing is loaded by schedule");
            }
            (None, _) => {}
        }
        if config.rates.schedule.is_some() && self.rates.is_none() {
            tracing::warn!("LAKE_URI is not set: no rates are fetched by schedule");
        }
        if let Some(times) = &config.worker.forecast_schedule {
            let due = Arc::new(ScheduledRefresh);
            worker = worker.schedule(Schedule::new("refresh", times.clone(), due));
        }
        Ok(worker)
    }

    fn with_rates(&self, worker: Worker, pool: &PgPool) -> Result<Worker> {
        let Some(RatesParts { config, lake, queue }) = self.rates.clone() else {
            return Ok(worker);
        };
        let fetcher = Fetcher::new(&config, lake.clone())?;
        let store = StoreRates { lake: lake.clone(), pool: pool.clone() };
        let answers: Arc<dyn RawQueue> = match queue.clone() {
            Some(queue) => Arc::new(queue),
            None => Arc::new(JobQueue(pool.clone())),
        };
        let mut worker = worker
            .handle(Task::RefreshRates, Arc::new(RefreshRates { fetcher, queue: answers }))
            .handle(Task::StoreRates, Arc::new(store));
        if let Some(queue) = queue {
            worker = worker.beside(Arc::new(SqsWork { queue, lake, pool: pool.clone() }));
        }
        if let Some(times) = config.schedule.clone() {
            let due = Arc::new(ScheduledRates(config));
            worker = worker.schedule(Schedule::new("rates", times, due));
        }
        Ok(worker)
    }

    /// Where the build has no engine, or no lake is configured, other workers answer.
    fn with_lake(&self, worker: Worker, config: &Config, pool: &PgPool) -> Result<Worker> {
        let Some(lake) = self.lake.clone().filter(|_| IS_BUILT_IN) else { return Ok(worker) };
        let engine = Arc::new(LakeEngine::new(&wiring::engine_options(config))?);
        let answer = AnswerFromLake { pool: pool.clone(), lake, engine };
        Ok(worker.handle(Task::LakeQuery, Arc::new(answer)))
    }

    /// A worker that makes reports, and nothing else.
    pub(super) async fn report_worker(&self, config: &Config, pool: &PgPool) -> Result<Worker> {
        let worker = Worker::new(pool.clone(), WorkerOptions::default());
        self.with_reports(worker, config, pool).await
    }

    async fn with_reports(&self, worker: Worker, config: &Config, pool: &PgPool) -> Result<Worker> {
        let Some(reports) = self.reports.clone() else { return Ok(worker) };
        let reports = reports.telling(report_ending(config));
        let reader = wiring::reader(config, pool).await?.named(metrics::WORKER);
        let rows = Arc::new(Engine::new(reader, config.limits.document));
        let sweep = SweepReports { reports: reports.clone(), pool: pool.clone() };
        let sweeps = CronTimes::parse(SWEEPS, Tz::UTC).map_err(Error::internal)?;
        let make = MakeReport { reports, pool: pool.clone(), rows };
        Ok(worker
            .handle(Task::Report, Arc::new(make))
            .handle(Task::SweepReports, Arc::new(sweep))
            .schedule(Schedule::new("sweep", sweeps, Arc::new(ScheduledSweep))))
    }
}

/// Who is told when a load run ends.
pub(super) fn ending(config: &Config) -> Option<Arc<dyn Ending>> {
    config.webhook.target.as_ref()?;
    Some(Arc::new(LoadEnds(Notifier::new(true))))
}

/// Who is told when a report ends.
fn report_ending(config: &Config) -> Option<Arc<dyn report::Ending>> {
    config.webhook.target.as_ref()?;
    Some(Arc::new(ReportEnds(Notifier::new(true))))
}

fn webhook(config: &Config) -> Result<Option<Webhook>> {
    let Some((url, secret)) = config.webhook.target.clone() else { return Ok(None) };
    let options = WebhookOptions { url, secret, timeout: config.webhook.timeout };
    Webhook::new(&options).map(Some)
}
