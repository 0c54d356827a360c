//! `saved_query_deletion`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "saved_query_deletion",
    comment = "The deletion of a saved query, kept for a day."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "UUID of the deletion.")]
    pub id: Uuid,
    #[sea_orm(
        column_type = "Text",
        comment = "The organisation it belonged to; empty without one."
    )]
    pub organization: String,
    #[sea_orm(column_type = "String(StringLen::N(63))", comment = "Its name.")]
    pub name: String,
    #[sea_orm(column_type = "Text", comment = "Who deleted it; empty for the operator.")]
    pub deleted_by: String,
    #[sea_orm(comment = "When.")]
    pub deleted_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
