//! `store`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "store",
    comment = "A store: a customer, or one that a customer buys for (Sales.Store)."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "Key of the store in the source system.")]
    pub business_entity_id: i32,
    #[sea_orm(column_type = "String(StringLen::N(50))", comment = "Name of the store.")]
    pub name: String,
    #[sea_orm(comment = "The sales person in the source system; null when none is assigned.")]
    pub sales_person_id: Option<i32>,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Survey, XML as delivered; null when there is none.")]
    pub demographics: Option<String>,
    #[sea_orm(comment = "The source system's own identifier of the row.")]
    pub rowguid: Uuid,
    #[sea_orm(comment = "When the source system last changed the row.")]
    pub modified_date: DateTime,
    #[sea_orm(comment = "The version of the file the row was read from: load_file.id.")]
    pub source_file_id: i32,
    #[sea_orm(comment = "Line of the file on which the record begins; the header is line 1.")]
    pub source_line: i64,
    #[sea_orm(comment = "When the row was last written.")]
    pub loaded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
