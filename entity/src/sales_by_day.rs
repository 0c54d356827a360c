//! `sales_by_day`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "sales_by_day",
    comment = "Sales totals by day; exact before the day of sales_rollup_due."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "Day of the orders.")]
    pub order_date: Date,
    #[sea_orm(comment = "Number of lines.")]
    pub line_count: i64,
    #[sea_orm(comment = "Orders with at least one of the lines.")]
    pub order_count: i64,
    #[sea_orm(column_type = "Decimal(None)")]
    #[sea_orm(comment = "Total of these orders, each counted once, in USD.")]
    pub order_total: Decimal,
    #[sea_orm(comment = "Total quantity, in pieces.")]
    pub order_quantity_sum: i64,
    #[sea_orm(comment = "Fewest pieces of a line.")]
    pub order_quantity_min: i16,
    #[sea_orm(comment = "Most pieces of a line.")]
    pub order_quantity_max: i16,
    #[sea_orm(column_type = "Decimal(None)")]
    #[sea_orm(comment = "Sum of the prices of one piece, a line counting once, in USD.")]
    pub unit_price_sum: Decimal,
    #[sea_orm(column_type = "Decimal(None)", comment = "Least price of one piece, in USD.")]
    pub unit_price_min: Decimal,
    #[sea_orm(column_type = "Decimal(None)", comment = "Greatest price of one piece, in USD.")]
    pub unit_price_max: Decimal,
    #[sea_orm(column_type = "Decimal(None)", comment = "Total of the lines, in USD.")]
    pub line_total_sum: Decimal,
    #[sea_orm(column_type = "Decimal(None)", comment = "Smallest total of a line, in USD.")]
    pub line_total_min: Decimal,
    #[sea_orm(column_type = "Decimal(None)", comment = "Greatest total of a line, in USD.")]
    pub line_total_max: Decimal,
}

impl ActiveModelBehavior for ActiveModel {}
