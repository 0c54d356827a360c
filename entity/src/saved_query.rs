//! `saved_query`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "saved_query",
    comment = "A document with one list, which answers as a file at /q/NAME.csv and the like."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "UUID of the saved query.")]
    pub id: Uuid,
    #[sea_orm(
        column_type = "Text",
        comment = "The organisation it belongs to; empty without one."
    )]
    pub organization: String,
    #[sea_orm(column_type = "String(StringLen::N(63))")]
    #[sea_orm(comment = "Its name in the URL, one of its organisation's.")]
    pub name: String,
    #[sea_orm(column_type = "Text", comment = "The document.")]
    pub document: String,
    #[sea_orm(column_type = "Text", comment = "The operation of it; null for its only one.")]
    pub operation: Option<String>,
    #[sea_orm(column_type = "Text", comment = "Who saved it first; empty for the operator.")]
    pub created_by: String,
    #[sea_orm(comment = "When it was saved first.")]
    pub created_at: DateTimeUtc,
    #[sea_orm(column_type = "Text", comment = "Who saved it last; empty for the operator.")]
    pub updated_by: String,
    #[sea_orm(comment = "When it was saved last.")]
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
