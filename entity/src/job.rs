//! `job`.

use sea_orm::entity::prelude::*;

codes! {
    /// What a job does.
    JobTask: "String(StringLen::N(24))" {
        /// Loads the new and changed files of the source.
        Load = "load",
        /// Loads rejected rows again.
        ReplayRejects = "replay_rejects",
        /// Brings the demand forecast up to date.
        DemandForecast = "demand_forecast",
        /// Makes a report.
        Report = "report",
        /// Removes what reports left behind.
        SweepReports = "sweep_reports",
        /// Tells the webhook that a load run or a report has ended.
        Notify = "notify",
        /// Fetches currency rates from a public API.
        RefreshRates = "refresh_rates",
        /// Stores currency rates that were fetched.
        StoreRates = "store_rates",
        /// Answers a question from the lake.
        LakeQuery = "lake_query",
    }
}

codes! {
    /// State of a job.
    JobState: "String(StringLen::N(16))" {
        /// Waits for a worker, for the first time or to be tried again.
        Queued = "queued",
        /// A worker is at it.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Given up; the error columns say why.
        Failed = "failed",
        /// Canceled before it was done.
        Canceled = "canceled",
    }
}

/// The columns of codes.
pub const CODES: &[(Column, &crate::Codes)] =
    &[(Column::Task, &JobTask::CODES), (Column::State, &JobState::CODES)];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job", comment = "Work that was queued for a worker.")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "UUID of the job, as the command line shows it. UUIDs sort by time.")]
    pub id: Uuid,
    #[sea_orm(comment = "What it does.")]
    pub task: JobTask,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Only one job with this key is queued or running at a time.")]
    pub job_key: Option<String>,
    #[sea_orm(comment = "State of the job.")]
    pub state: JobState,
    #[sea_orm(column_type = "JsonBinary", comment = "What the task needs to know.")]
    pub payload: Json,
    #[sea_orm(
        comment = "How often a worker has begun it, without the times that it was handed back."
    )]
    pub attempts: i32,
    #[sea_orm(comment = "Attempts after which it is given up.")]
    pub max_attempts: i32,
    #[sea_orm(comment = "Number of its entry in the queue; earlier entries are void.")]
    pub delivery: i32,
    #[sea_orm(comment = "Counts all beginnings: a worker whose number is not this has lost it.")]
    pub runs: i32,
    #[sea_orm(comment = "When it was queued.")]
    pub created_at: DateTimeUtc,
    #[sea_orm(comment = "From when on it may begin, or begin again.")]
    pub run_at: DateTimeUtc,
    #[sea_orm(comment = "When it first began; null before.")]
    pub started_at: Option<DateTimeUtc>,
    #[sea_orm(comment = "When it ended; null before.")]
    pub finished_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Host and process id of the worker that began it last.")]
    pub worker: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Constant code of the last failure; null if there was none.")]
    pub error_code: Option<String>,
    #[sea_orm(column_type = "Text", nullable, comment = "Its message.")]
    pub error_message: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    #[sea_orm(
        comment = "Fields traceparent and tracestate of the trace it was queued in; null without \
                   one."
    )]
    pub trace_context: Option<Json>,
}

impl ActiveModelBehavior for ActiveModel {}
