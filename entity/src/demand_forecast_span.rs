//! What is predicted of a product for dates of one weekday, from the week after a day on which it sold up to the next such day.

use sea_orm::entity::prelude::*;

/// A row of `demand_forecast_span`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "demand_forecast_span")]
pub struct Model {
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: i32,
    /// Weekday of the dates: 1 is Monday, 7 is Sunday.
    #[sea_orm(primary_key, auto_increment = false)]
    pub weekday: i16,
    /// First date it is for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub first_date: Date,
    /// First date it is not for any more: the next first_date of the product and weekday; null while there is none.
    pub next_date: Option<Date>,
    /// What the product sold seven days before first_date, in pieces.
    pub sold_quantity: i64,
    /// Median of what the product sold on that day and the up to three latest before it of the same weekday on which it sold, in pieces.
    #[sea_orm(column_type = "Decimal(Some((20, 1)))")]
    pub predicted_quantity: Decimal,
    /// How many days that is the median of.
    pub basis_days: i16,
}

/// It refers to no other table.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
