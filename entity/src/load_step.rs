//! What a run brought up to date of what is made of the loaded rows. Written in the transaction of the step; there is no row for a step that had nothing to do.

use sea_orm::entity::prelude::*;

/// A row of `load_step`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "load_step")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// The run.
    pub run_id: Uuid,
    /// What was brought up to date, such as demand_forecast.
    #[sea_orm(column_type = "String(StringLen::N(63))")]
    pub step: String,
    /// The data version it was made from.
    pub data_version: i64,
    /// First day whose sales had changed; null where there is no such day: everything was made anew, or only the inventory had changed.
    pub since: Option<Date>,
    /// When it began.
    pub started_at: DateTimeUtc,
    /// When it was about to be committed.
    pub finished_at: DateTimeUtc,
    /// Rows inserted, updated or removed; what is right already is not written.
    pub rows_written: i64,
}

/// What the table refers to, and what refers to it.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The `load_run` named by run_id.
    #[sea_orm(
        belongs_to = "super::load_run::Entity",
        from = "Column::RunId",
        to = "super::load_run::Column::Id"
    )]
    LoadRun,
}

impl Related<super::load_run::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadRun.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
