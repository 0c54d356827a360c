//! The dates that are forecast: those after the first order date up to 28 days after the last.

use sea_orm::entity::prelude::*;

/// A row of `demand_forecast_date`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "demand_forecast_date")]
pub struct Model {
    /// The date.
    #[sea_orm(primary_key, auto_increment = false)]
    pub date: Date,
    /// Its weekday: 1 is Monday, 7 is Sunday.
    pub weekday: i16,
}

/// It refers to no other table.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
