//! `load_step`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "load_step",
    comment = "What a run brought up to date, after its files, of what is made of the loaded \
        rows. There is none for what was up to date."
)]
pub struct Model {
    #[sea_orm(primary_key, comment = "Key.")]
    pub id: i32,
    #[sea_orm(comment = "The run.")]
    pub run_id: Uuid,
    #[sea_orm(column_type = "String(StringLen::N(63))")]
    #[sea_orm(comment = "What was brought up to date, such as demand_forecast.")]
    pub step: String,
    #[sea_orm(comment = "The data version it was made from.")]
    pub data_version: i64,
    #[sea_orm(
        comment = "First day whose sales had changed; null where there is no such day: everything \
                   was made anew, or only the inventory had changed."
    )]
    pub since: Option<Date>,
    #[sea_orm(comment = "When it began.")]
    pub started_at: DateTimeUtc,
    #[sea_orm(comment = "When it was about to be committed.")]
    pub finished_at: DateTimeUtc,
    #[sea_orm(comment = "Rows inserted, updated or removed; unchanged rows are not written.")]
    pub rows_written: i64,
    #[sea_orm(belongs_to, from = "run_id", to = "id")]
    pub load_run: BelongsTo<super::load_run::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
