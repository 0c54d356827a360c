//! What the lines of a day come to; right up to the day before that of sales_rollup_due.

use sea_orm::entity::prelude::*;

/// A row of `sales_by_day`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sales_by_day")]
pub struct Model {
    /// Day of the orders.
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_date: Date,
    /// The lines.
    pub line_count: i64,
    /// Orders with at least one of the lines.
    pub order_count: i64,
    /// What these orders come to, each counted once, in USD.
    #[sea_orm(column_type = "Decimal(None)")]
    pub order_total: Decimal,
    /// Pieces in all.
    pub order_quantity_sum: i64,
    /// Fewest pieces of a line.
    pub order_quantity_min: i16,
    /// Most pieces of a line.
    pub order_quantity_max: i16,
    /// Sum of the prices of one piece, a line counting once, in USD.
    #[sea_orm(column_type = "Decimal(None)")]
    pub unit_price_sum: Decimal,
    /// Least price of one piece, in USD.
    #[sea_orm(column_type = "Decimal(None)")]
    pub unit_price_min: Decimal,
    /// Greatest price of one piece, in USD.
    #[sea_orm(column_type = "Decimal(None)")]
    pub unit_price_max: Decimal,
    /// What the lines come to, in USD.
    #[sea_orm(column_type = "Decimal(None)")]
    pub line_total_sum: Decimal,
    /// The least a line comes to, in USD.
    #[sea_orm(column_type = "Decimal(None)")]
    pub line_total_min: Decimal,
    /// The most a line comes to, in USD.
    #[sea_orm(column_type = "Decimal(None)")]
    pub line_total_max: Decimal,
}

/// It refers to no other table.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
