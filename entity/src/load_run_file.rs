//! `load_run_file`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "load_run_file", comment = "What one run did to one file version.")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "The run.")]
    pub run_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false, comment = "The file version.")]
    pub file_id: i32,
    #[sea_orm(comment = "Records this run read from it.")]
    pub rows_read: i64,
    #[sea_orm(
        comment = "Rows this run inserted, also those that had been parked or rejected before."
    )]
    pub rows_inserted: i64,
    #[sea_orm(comment = "Rows this run updated.")]
    pub rows_updated: i64,
    #[sea_orm(comment = "Rows this run found unchanged.")]
    pub rows_unchanged: i64,
    #[sea_orm(
        comment = "Rows this run rejected; negative where it replayed more than it rejected."
    )]
    pub rows_rejected: i64,
    #[sea_orm(comment = "Rows this run parked; negative where it resolved more than it parked.")]
    pub rows_parked: i64,
    #[sea_orm(comment = "Rows this run removed because the file, mirrored, lacks them.")]
    pub rows_removed: i64,
    #[sea_orm(comment = "Rows the file lacks that stay, as other rows refer to them.")]
    pub rows_kept: i64,
    #[sea_orm(comment = "Milliseconds this run spent on the file.")]
    pub elapsed_ms: i64,
    #[sea_orm(belongs_to, from = "file_id", to = "id")]
    pub load_file: BelongsTo<super::load_file::Entity>,
    #[sea_orm(belongs_to, from = "run_id", to = "id")]
    pub load_run: BelongsTo<super::load_run::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
