//! What the inventory held of each product it had when the forecast was made. Empty while no inventory is loaded.

use sea_orm::entity::prelude::*;

/// A row of `demand_forecast_stock`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "demand_forecast_stock")]
pub struct Model {
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: i32,
    /// What was there, over all locations, in pieces.
    pub available_quantity: i64,
}

/// It refers to no other table.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
