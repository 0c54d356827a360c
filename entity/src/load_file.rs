//! One version of one file: the ledger key is bucket, key, ETag and version id. Never deleted, because rows refer to it.

use sea_orm::entity::prelude::*;

/// State of a file version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))")]
pub enum LoadFileState {
    /// Not at its end yet.
    #[sea_orm(string_value = "loading")]
    Loading,
    /// Loaded to its end.
    #[sea_orm(string_value = "loaded")]
    Loaded,
    /// Failed; the error columns say why.
    #[sea_orm(string_value = "failed")]
    Failed,
}

/// A row of `load_file`.
#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "load_file")]
pub struct Model {
    /// What source_file_id of every data row means.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The table the rows of this file go to.
    #[sea_orm(column_type = "String(StringLen::N(63))")]
    pub dataset: String,
    /// Bucket; empty for a file:// source.
    #[sea_orm(column_type = "Text")]
    pub bucket: String,
    /// Key of the object, or path below the source folder.
    #[sea_orm(column_type = "Text")]
    pub object_key: String,
    /// ETag without quotes; for a file:// source size, modification time and inode.
    #[sea_orm(column_type = "Text")]
    pub etag: String,
    /// Version id of a versioned bucket; empty where there is none.
    #[sea_orm(column_type = "Text")]
    pub version_id: String,
    /// Bytes of the object as stored, compressed or not.
    pub byte_size: i64,
    /// loading: not at its end yet, a later run goes on at the checkpoint; loaded; failed: see error_code.
    pub state: LoadFileState,
    /// What was told from the content: compression, encoding, delimiter, decimal mark, header, ignored columns.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub dialect: Option<Json>,
    /// Run that met this version first.
    pub first_run_id: Uuid,
    /// Run that worked on it last.
    pub last_run_id: Uuid,
    /// When its first row was about to be read.
    pub started_at: DateTimeUtc,
    /// When its last row was committed.
    pub finished_at: Option<DateTimeUtc>,
    /// Records read so far, without the header; always the sum of the five counters below.
    pub rows_read: i64,
    /// Rows that were new.
    pub rows_inserted: i64,
    /// Rows that replaced an older or different one.
    pub rows_updated: i64,
    /// Rows that were there already, or older than the stored one.
    pub rows_unchanged: i64,
    /// Rows in load_reject.
    pub rows_rejected: i64,
    /// Rows in load_parked, waiting for a parent.
    pub rows_parked: i64,
    /// Constant code of the failure; null unless failed.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_code: Option<String>,
    /// Its message.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_message: Option<String>,
}

/// What the table refers to, and what refers to it.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The `load_run` named by first_run_id.
    #[sea_orm(
        belongs_to = "super::load_run::Entity",
        from = "Column::FirstRunId",
        to = "super::load_run::Column::Id"
    )]
    FirstRun,
    /// The `load_run` named by last_run_id.
    #[sea_orm(
        belongs_to = "super::load_run::Entity",
        from = "Column::LastRunId",
        to = "super::load_run::Column::Id"
    )]
    LastRun,
    /// Rows of `load_run_file` that refer to it.
    #[sea_orm(has_many = "super::load_run_file::Entity")]
    LoadRunFile,
    /// The `load_checkpoint` that refers to it.
    #[sea_orm(has_one = "super::load_checkpoint::Entity")]
    LoadCheckpoint,
    /// Rows of `load_reject` that refer to it.
    #[sea_orm(has_many = "super::load_reject::Entity")]
    LoadReject,
    /// Rows of `load_parked` that refer to it.
    #[sea_orm(has_many = "super::load_parked::Entity")]
    LoadParked,
}

impl Related<super::load_run_file::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadRunFile.def()
    }
}

impl Related<super::load_checkpoint::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadCheckpoint.def()
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

impl ActiveModelBehavior for ActiveModel {}
