//! `load_run`.

use sea_orm::entity::prelude::*;

codes! {
    /// State of a load run.
    LoadRunState: "String(StringLen::N(24))" {
        /// Waits for a worker, for the first time or to be continued.
        Queued = "queued",
        /// Running.
        Running = "running",
        /// Ended well, every row taken.
        Succeeded = "succeeded",
        /// Ended well; some rows were rejected or parked.
        SucceededWithRejects = "succeeded_with_rejects",
        /// Failed; the error columns say why.
        Failed = "failed",
        /// Canceled before it ended.
        Canceled = "canceled",
    }
}

codes! {
    /// What a load run does with the rows of a file.
    LoadMode: "String(StringLen::N(8))" {
        /// Inserts and updates, never removes.
        Merge = "merge",
        /// Also removes rows that a complete new file lacks.
        Mirror = "mirror",
    }
}

/// The columns of codes.
pub const CODES: &[(Column, &crate::Codes)] =
    &[(Column::State, &LoadRunState::CODES), (Column::Mode, &LoadMode::CODES)];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "load_run", comment = "One execution of the loader.")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "UUID of the run, as the command line shows it. UUIDs sort by time.")]
    pub id: Uuid,
    #[sea_orm(comment = "State of the run.")]
    pub state: LoadRunState,
    #[sea_orm(comment = "What it does with the rows of a file.")]
    pub mode: LoadMode,
    #[sea_orm(comment = "Whether each file is loaded as a whole or not at all.")]
    pub atomic: bool,
    #[sea_orm(column_type = "Text")]
    #[sea_orm(comment = "Where the files were looked for: s3://bucket/prefix or file:///dir.")]
    pub source_uri: String,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Host and process id of the loader; null before it begins.")]
    pub holder: Option<String>,
    #[sea_orm(comment = "When the run was asked for.")]
    pub requested_at: DateTimeUtc,
    #[sea_orm(comment = "When the run began; null before.")]
    pub started_at: Option<DateTimeUtc>,
    #[sea_orm(comment = "When it ended; null while it is queued or runs.")]
    pub finished_at: Option<DateTimeUtc>,
    #[sea_orm(comment = "Files whose name is that of a dataset.")]
    pub files_found: i32,
    #[sea_orm(comment = "Of these, versions that had been loaded before.")]
    pub files_skipped: i32,
    #[sea_orm(comment = "Whether it only says what a load would do, and writes nothing else.")]
    pub is_check: bool,
    #[sea_orm(comment = "The job that runs it; null if it was run in the foreground.")]
    pub job_id: Option<Uuid>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    #[sea_orm(comment = "What became of the rows of a check; null of a load.")]
    pub check_counts: Option<Json>,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Constant code of the first failure; null unless failed.")]
    pub error_code: Option<String>,
    #[sea_orm(column_type = "Text", nullable, comment = "Its message.")]
    pub error_message: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
