//! Customers: a person, a store, or a person who buys for a store (Sales.Customer).

use sea_orm::entity::prelude::*;

/// A row of `customer`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// Key of the source system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: i32,
    /// The person; null for a store without a contact.
    pub person_id: Option<i32>,
    /// The store; null for an individual.
    pub store_id: Option<i32>,
    /// Sales territory.
    pub territory_id: Option<i32>,
    /// Account number, AW and eight digits.
    #[sea_orm(column_type = "String(StringLen::N(10))")]
    pub account_number: String,
    /// The source system's own identifier of the row.
    pub rowguid: Uuid,
    /// When the source system last changed the row; a row older than the stored one never replaces it.
    pub modified_date: DateTime,
    /// load_file.id of the file version the row came from.
    pub source_file_id: i32,
    /// Line on which its record begins in that file; the header is line 1.
    pub source_line: i64,
    /// When the row was last written here.
    pub loaded_at: DateTimeUtc,
}

/// What the table refers to, and what refers to it.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The `person` named by person_id.
    #[sea_orm(
        belongs_to = "super::person::Entity",
        from = "Column::PersonId",
        to = "super::person::Column::BusinessEntityId"
    )]
    Person,
    /// Rows of `sales_order` that refer to it.
    #[sea_orm(has_many = "super::sales_order::Entity")]
    SalesOrder,
    /// The `store` named by store_id, where it is loaded.
    #[sea_orm(
        belongs_to = "super::store::Entity",
        from = "Column::StoreId",
        to = "super::store::Column::BusinessEntityId"
    )]
    Store,
    /// The `territory` named by territory_id, where it is loaded.
    #[sea_orm(
        belongs_to = "super::territory::Entity",
        from = "Column::TerritoryId",
        to = "super::territory::Column::TerritoryId"
    )]
    Territory,
}

impl Related<super::person::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Person.def()
    }
}

impl Related<super::sales_order::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::SalesOrder.def()
    }
}

impl Related<super::store::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Store.def()
    }
}

impl Related<super::territory::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Territory.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
