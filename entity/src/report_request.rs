//! `report_request`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "report_request",
    comment = "A request for a report, which may have got one that was there already."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "UUID of the request.")]
    pub id: Uuid,
    #[sea_orm(comment = "The report.")]
    pub report_id: Uuid,
    #[sea_orm(belongs_to, from = "report_id", to = "id")]
    pub report: BelongsTo<super::report::Entity>,
    #[sea_orm(column_type = "Text", comment = "The organisation of who asked; empty without one.")]
    pub organization: String,
    #[sea_orm(column_type = "Text", comment = "Who asked; empty for the operator.")]
    pub requested_by: String,
    #[sea_orm(comment = "When.")]
    pub requested_at: DateTimeUtc,
    #[sea_orm(
        comment = "Whether the report had been asked for before: then it is not made again, and \
                   the data may have changed since; its field `current` says so."
    )]
    pub reused: bool,
    #[sea_orm(comment = "When the same request makes a new report; null if it does at once.")]
    pub next_allowed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
