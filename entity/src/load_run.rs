//! One execution of the loader. At most one is running.

use sea_orm::entity::prelude::*;

/// State of a load run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(24))")]
pub enum LoadRunState {
    /// Running.
    #[sea_orm(string_value = "running")]
    Running,
    /// Ended well, every row taken.
    #[sea_orm(string_value = "succeeded")]
    Succeeded,
    /// Ended well; some rows were rejected or parked.
    #[sea_orm(string_value = "succeeded_with_rejects")]
    SucceededWithRejects,
    /// Failed; the error columns say why.
    #[sea_orm(string_value = "failed")]
    Failed,
}

/// What a load run does with the rows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))")]
pub enum LoadMode {
    /// Inserts and updates, never removes.
    #[sea_orm(string_value = "merge")]
    Merge,
}

/// A row of `load_run`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "load_run")]
pub struct Model {
    /// UUID version 7: sorts by time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// running, succeeded, succeeded_with_rejects (rows were rejected or parked) or failed.
    pub state: LoadRunState,
    /// merge: inserts and updates, never removes.
    pub mode: LoadMode,
    /// Each file in one transaction: all of it or nothing.
    pub atomic: bool,
    /// Where the files were looked for: s3://bucket/prefix or file:///dir.
    #[sea_orm(column_type = "Text")]
    pub source_uri: String,
    /// Host and process id of the loader, shown to a second one that finds the lock taken.
    #[sea_orm(column_type = "Text")]
    pub holder: String,
    /// When the run took the lock.
    pub started_at: DateTimeUtc,
    /// When it ended; null while it runs.
    pub finished_at: Option<DateTimeUtc>,
    /// Files whose name is that of a dataset.
    pub files_found: i32,
    /// Of these, versions that had been loaded before.
    pub files_skipped: i32,
    /// Constant code of the first failure; null unless failed.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_code: Option<String>,
    /// Its message.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_message: Option<String>,
}

/// What the table refers to, and what refers to it.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Rows of `load_run_file` that refer to it.
    #[sea_orm(has_many = "super::load_run_file::Entity")]
    LoadRunFile,
    /// Rows of `load_reject` that refer to it.
    #[sea_orm(has_many = "super::load_reject::Entity")]
    LoadReject,
    /// Rows of `load_parked` that refer to it.
    #[sea_orm(has_many = "super::load_parked::Entity")]
    LoadParked,
    /// Rows of `load_step` that refer to it.
    #[sea_orm(has_many = "super::load_step::Entity")]
    LoadStep,
}

impl Related<super::load_run_file::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadRunFile.def()
    }
}

impl Related<super::load_reject::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadReject.def()
    }
}

impl Related<super::load_parked::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadParked.def()
    }
}

impl Related<super::load_step::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadStep.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
