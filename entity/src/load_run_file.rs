//! What one run did to one file version. The counters of load_file are the sums over its runs.

use sea_orm::entity::prelude::*;

/// A row of `load_run_file`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "load_run_file")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: Uuid,
    /// The file version.
    #[sea_orm(primary_key, auto_increment = false)]
    pub file_id: i32,
    /// Records this run read from it.
    pub rows_read: i64,
    /// Rows this run inserted, from the file or out of load_parked and load_reject.
    pub rows_inserted: i64,
    /// Rows this run updated.
    pub rows_updated: i64,
    /// Rows this run found unchanged.
    pub rows_unchanged: i64,
    /// Rows this run rejected; negative where it replayed more than it rejected.
    pub rows_rejected: i64,
    /// Rows this run parked; negative where it resolved more than it parked.
    pub rows_parked: i64,
    /// Milliseconds this run spent on the file.
    pub elapsed_ms: i64,
}

/// What the table refers to, and what refers to it.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The `load_file` named by file_id.
    #[sea_orm(
        belongs_to = "super::load_file::Entity",
        from = "Column::FileId",
        to = "super::load_file::Column::Id"
    )]
    LoadFile,
    /// The `load_run` named by run_id.
    #[sea_orm(
        belongs_to = "super::load_run::Entity",
        from = "Column::RunId",
        to = "super::load_run::Column::Id"
    )]
    LoadRun,
}

impl Related<super::load_file::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadFile.def()
    }
}

impl Related<super::load_run::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadRun.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
