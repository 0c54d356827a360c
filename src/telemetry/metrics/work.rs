//! Jobs, reports, calls to S3, and spans.

use std::sync::LazyLock;
use std::time::Duration;

use super::family::{Counters, Histograms};
use super::histogram::{Histogram, MS};
use super::names::{JOB_DURATION, REPORT_BYTES, REPORT_ROWS, REPORTS, S3_DURATION, TRACE_SPANS};

const SECOND: u64 = 1_000 * MS;
const JOBS: &[u64] = &[
    100 * MS,
    500 * MS,
    SECOND,
    5 * SECOND,
    15 * SECOND,
    30 * SECOND,
    60 * SECOND,
    300 * SECOND,
    900 * SECOND,
    1_800 * SECOND,
    3_600 * SECOND,
    7_200 * SECOND,
    14_400 * SECOND,
];
const CALLS: &[u64] = &[
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    SECOND,
    5 * SECOND / 2,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    60 * SECOND,
];

static JOB_RUNS: LazyLock<Histograms<2>> =
    LazyLock::new(|| Histograms::new_with_constructor(|| Histogram::of_seconds(JOBS)));
static S3_CALLS: LazyLock<Histograms<3>> =
    LazyLock::new(|| Histograms::new_with_constructor(|| Histogram::of_seconds(CALLS)));
static ENDED: LazyLock<Counters<3>> = LazyLock::new(Counters::default);
static ROWS: LazyLock<Counters<2>> = LazyLock::new(Counters::default);
static BYTES: LazyLock<Counters<2>> = LazyLock::new(Counters::default);
static SPANS: LazyLock<Counters<1>> = LazyLock::new(Counters::default);

/// How a run of a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOutcome {
    /// Its work is done.
    Succeeded,
    /// It is tried again.
    Retried,
    /// It went back to the queue, and that was no attempt.
    Returned,
    /// It was given up.
    Failed,
    /// It was canceled, or taken over.
    Lost,
}

impl JobOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Retried => "retried",
            Self::Returned => "returned",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }
}

/// Counts a run of a job.
pub fn job_ended(task: &'static str, outcome: JobOutcome, duration: Duration) {
    let labels = JOB_DURATION.labels([task.into(), outcome.as_str().into()]);
    JOB_RUNS.get_or_create(&labels).observe_duration(duration);
}

/// Counts a report that has ended.
pub fn report_ended(kind: &str, format: &str, outcome: &'static str) {
    let labels = [kind.to_owned().into(), format.to_owned().into(), outcome.into()];
    ENDED.get_or_create(&REPORTS.labels(labels)).inc();
}

/// Counts the rows and bytes of a report that is complete.
pub fn report_written(kind: &str, format: &str, rows: u64, bytes: u64) {
    let labels = || [kind.to_owned().into(), format.to_owned().into()];
    ROWS.get_or_create(&REPORT_ROWS.labels(labels())).inc_by(rows);
    BYTES.get_or_create(&REPORT_BYTES.labels(labels())).inc_by(bytes);
}

/// Counts a call to S3 or SQS. The names of operations are the SDK's.
pub fn s3_answered(service: &str, operation: &str, succeeded: bool, duration: Duration) {
    let outcome = if succeeded { "ok" } else { "error" };
    let labels = [service.to_owned().into(), operation.to_owned().into(), outcome.into()];
    S3_CALLS.get_or_create(&S3_DURATION.labels(labels)).observe_duration(duration);
}

/// What became of spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanOutcome {
    /// The collector has them.
    Exported,
    /// They could not be sent.
    Failed,
    /// Too many waited.
    Dropped,
}

impl SpanOutcome {
    const ALL: [Self; 3] = [Self::Exported, Self::Failed, Self::Dropped];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Exported => "exported",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// Counts spans that were sent or lost.
pub fn spans_ended(count: usize, outcome: SpanOutcome) {
    let outcome = outcome.as_str();
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    SPANS.get_or_create(&TRACE_SPANS.labels([outcome.into()])).inc_by(count);
}

pub(super) fn job_runs() -> Histograms<2> {
    JOB_RUNS.clone()
}

pub(super) fn s3_calls() -> Histograms<3> {
    S3_CALLS.clone()
}

pub(super) fn reports() -> Counters<3> {
    ENDED.clone()
}

pub(super) fn report_rows() -> Counters<2> {
    ROWS.clone()
}

pub(super) fn report_bytes() -> Counters<2> {
    BYTES.clone()
}

pub(super) fn spans() -> Counters<1> {
    for outcome in SpanOutcome::ALL {
        spans_ended(0, outcome);
    }
    SPANS.clone()
}
