//! `customer`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "customer",
    comment = "A customer: a person, a store, or a person who buys for a store (Sales.Customer)."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "Key of the customer in the source system.")]
    pub customer_id: i32,
    #[sea_orm(comment = "Key of the person; null for a store without a contact.")]
    pub person_id: Option<i32>,
    #[sea_orm(comment = "Key of the store; null for an individual.")]
    pub store_id: Option<i32>,
    #[sea_orm(comment = "Key of the sales territory; null when none is assigned.")]
    pub territory_id: Option<i32>,
    #[sea_orm(column_type = "String(StringLen::N(10))")]
    #[sea_orm(comment = "Account number, AW and eight digits.")]
    pub account_number: String,
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
    #[sea_orm(belongs_to, from = "person_id", to = "business_entity_id")]
    pub person: BelongsTo<Option<super::person::Entity>>,
    #[sea_orm(belongs_to, from = "store_id", to = "business_entity_id", skip_fk)]
    pub store: BelongsTo<Option<super::store::Entity>>,
    #[sea_orm(belongs_to, from = "territory_id", to = "territory_id", skip_fk)]
    pub territory: BelongsTo<Option<super::territory::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}
