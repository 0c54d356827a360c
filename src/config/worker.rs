//! `[worker]`: jobs and schedules.

use std::time::Duration;

use chrono_tz::Tz;

use super::cron::CronTimes;
use super::key::ConfigKey;
use super::parse;
use super::values::Values;
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("worker");

/// When the source is loaded.
pub const LOAD_SCHEDULE: ConfigKey = ConfigKey {
    name: "load_schedule",
    env: "LOAD_SCHEDULE",
    default: Some("0 3 * * *"),
    doc: "when workers load the source, as a cron expression; `off` for never",
    ..SECTION
};

/// When derived tables are brought up to date.
pub const FORECAST_SCHEDULE: ConfigKey = ConfigKey {
    name: "forecast_schedule",
    env: "FORECAST_SCHEDULE",
    default: Some("off"),
    doc: "when workers bring the demand forecast up to date, as each load does, too",
    ..SECTION
};

/// The zone of the schedules.
pub const TIME_ZONE: ConfigKey = ConfigKey {
    name: "load_schedule_time_zone",
    env: "LOAD_SCHEDULE_TIME_ZONE",
    default: Some("UTC"),
    doc: "the time zone of the schedules, such as `America/Sao_Paulo`",
    ..SECTION
};

/// Reports made at a time.
pub const PARALLEL_REPORTS: ConfigKey = ConfigKey {
    name: "parallel_reports",
    env: "WORKER_PARALLEL_REPORTS",
    default: Some("2"),
    doc: "how many reports a worker makes in parallel",
    ..SECTION
};

/// How long jobs may go on at shutdown.
pub const GRACE: ConfigKey = ConfigKey {
    name: "grace",
    env: "WORKER_GRACE",
    default: Some("10s"),
    doc: "how long jobs may go on when a worker is stopped, before they are handed back",
    ..SECTION
};

/// When a worker counts as dead.
pub const DEAD_AFTER: ConfigKey = ConfigKey {
    name: "dead_after",
    env: "WORKER_DEAD_AFTER",
    default: Some("20s"),
    doc: "after how long without a sign of life a worker's jobs are taken over",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] =
    &[LOAD_SCHEDULE, FORECAST_SCHEDULE, TIME_ZONE, PARALLEL_REPORTS, GRACE, DEAD_AFTER];

/// The section's values.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// When the source is loaded.
    pub load_schedule: Option<CronTimes>,
    /// When derived tables are brought up to date.
    pub forecast_schedule: Option<CronTimes>,
    /// How many reports a worker makes in parallel.
    pub parallel_reports: usize,
    /// How long jobs may go on at shutdown.
    pub grace: Duration,
    /// After how long without a sign of life a worker's jobs are taken over.
    pub dead_after: Duration,
}

impl WorkerConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        let zone = values.required(&TIME_ZONE, zone)?;
        let times = |text: &str| match text.trim() {
            "off" => Ok(None),
            expression => CronTimes::parse(expression, zone).map(Some),
        };
        Ok(Self {
            load_schedule: values.required(&LOAD_SCHEDULE, times)?,
            forecast_schedule: values.required(&FORECAST_SCHEDULE, times)?,
            parallel_reports: values.required(&PARALLEL_REPORTS, parse::whole(1..=64))?,
            grace: values.required(&GRACE, parse::duration)?,
            dead_after: values.required(&DEAD_AFTER, at_least_a_second)?,
        })
    }
}

fn at_least_a_second(text: &str) -> Result<Duration, String> {
    parse::duration(text)
        .ok()
        .filter(|time| *time >= Duration::from_secs(1))
        .ok_or_else(|| "expected a second or more, such as 20s".to_owned())
}

pub(super) fn zone(text: &str) -> Result<Tz, String> {
    text.trim()
        .parse()
        .map_err(|_| "expected the name of a time zone such as UTC or America/Sao_Paulo".to_owned())
}
