//! What currencies are worth, day by day (Sales.CurrencyRate).

use sea_orm::entity::prelude::*;

/// A row of `currency_rate`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "currency_rate")]
pub struct Model {
    /// Key of the source system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency_rate_id: i32,
    /// The day the rate is of.
    pub currency_rate_date: DateTime,
    /// ISO code of the currency that is exchanged.
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    pub from_currency_code: String,
    /// ISO code of the currency that is got.
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    pub to_currency_code: String,
    /// What one unit was worth on average over the day.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub average_rate: Decimal,
    /// What one unit was worth at the end of the day.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub end_of_day_rate: Decimal,
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
    /// Rows of `sales_order` that refer to it.
    #[sea_orm(has_many = "super::sales_order::Entity")]
    SalesOrder,
}

impl Related<super::sales_order::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::SalesOrder.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
