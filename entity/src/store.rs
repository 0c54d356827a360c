//! Stores: customers, or whom customers buy for (Sales.Store).

use sea_orm::entity::prelude::*;

/// A row of `store`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "store")]
pub struct Model {
    /// Key of the source system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub business_entity_id: i32,
    /// Name.
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    pub name: String,
    /// The sales person in the source system; null when none is assigned.
    pub sales_person_id: Option<i32>,
    /// Survey, XML as delivered.
    #[sea_orm(column_type = "Text", nullable)]
    pub demographics: Option<String>,
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

/// What refers to the table. Nothing in Postgres enforces it: rows may name one that
/// is not loaded.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Rows of `customer` that refer to it.
    #[sea_orm(has_many = "super::customer::Entity")]
    Customer,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
