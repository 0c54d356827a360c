//! `lake_snapshot`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "lake_snapshot",
    comment = "A snapshot of a table of the lake: the table as it was at one data version."
)]
pub struct Model {
    #[sea_orm(primary_key, comment = "Key.")]
    pub id: i32,
    #[sea_orm(comment = "The table.")]
    pub table_id: i32,
    #[sea_orm(comment = "Its id in the metadata of the table.")]
    pub snapshot_id: i64,
    #[sea_orm(comment = "The data version that it shows.")]
    pub data_version: i64,
    #[sea_orm(comment = "The run that has written it.")]
    pub run_id: Uuid,
    #[sea_orm(comment = "When it was committed.")]
    pub committed_at: DateTimeUtc,
    #[sea_orm(comment = "Rows of the table.")]
    pub row_count: i64,
    #[sea_orm(comment = "Data files of the table.")]
    pub files: i64,
    #[sea_orm(comment = "Bytes of its data files.")]
    pub bytes: i64,
    #[sea_orm(comment = "Rows in files that are new in it.")]
    pub rows_written: i64,
    #[sea_orm(comment = "Data files that are new in it.")]
    pub files_added: i64,
    #[sea_orm(comment = "Data files of the snapshot before that it has no longer.")]
    pub files_removed: i64,
    #[sea_orm(belongs_to, from = "table_id", to = "id")]
    pub lake_table: BelongsTo<super::lake_table::Entity>,
    #[sea_orm(belongs_to, from = "run_id", to = "id")]
    pub load_run: BelongsTo<super::load_run::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
