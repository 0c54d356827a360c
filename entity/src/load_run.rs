//! `load_run`.

use sea_orm::entity::prelude::*;

codes! {
    /// State of a load run.
    LoadRunState: "String(StringLen::N(24))" {
        /// Running.
        Running = "running",
        /// Ended well, every row taken.
        Succeeded = "succeeded",
        /// Ended well; some rows were rejected or parked.
        SucceededWithRejects = "succeeded_with_rejects",
        /// Failed; the error columns say why.
        Failed = "failed",
    }
}

codes! {
    /// What a load run does with the rows of a file.
    LoadMode: "String(StringLen::N(8))" {
        /// Inserts and updates, never removes.
        Merge = "merge",
    }
}

/// The columns of codes.
pub const CODES: &[(Column, &crate::Codes)] =
    &[(Column::State, &LoadRunState::CODES), (Column::Mode, &LoadMode::CODES)];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
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
    #[sea_orm(column_type = "Text", comment = "Host and process id of the loader.")]
    pub holder: String,
    #[sea_orm(comment = "When the run began.")]
    pub started_at: DateTimeUtc,
    #[sea_orm(comment = "When it ended; null while it runs.")]
    pub finished_at: Option<DateTimeUtc>,
    #[sea_orm(comment = "Files whose name is that of a dataset.")]
    pub files_found: i32,
    #[sea_orm(comment = "Of these, versions that had been loaded before.")]
    pub files_skipped: i32,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Constant code of the first failure; null unless failed.")]
    pub error_code: Option<String>,
    #[sea_orm(column_type = "Text", nullable, comment = "Its message.")]
    pub error_message: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
