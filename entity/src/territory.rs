//! Sales territories (Sales.SalesTerritory).

use sea_orm::entity::prelude::*;

/// A row of `territory`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "territory")]
pub struct Model {
    /// Key of the source system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub territory_id: i32,
    /// Name.
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    pub name: String,
    /// ISO code of the country or region.
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    pub country_region_code: String,
    /// Part of the world. The source calls it Group, a reserved word in SQL.
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    pub territory_group: String,
    /// Sales in the current year as the source keeps them, in USD.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub sales_ytd: Decimal,
    /// Sales in the year before, in USD.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub sales_last_year: Decimal,
    /// Costs in the current year, in USD.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub cost_ytd: Decimal,
    /// Costs in the year before, in USD.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub cost_last_year: Decimal,
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
    /// Rows of `sales_order` that refer to it.
    #[sea_orm(has_many = "super::sales_order::Entity")]
    SalesOrder,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl Related<super::sales_order::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::SalesOrder.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
