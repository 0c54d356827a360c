//! `demand_forecast_stock`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "demand_forecast_stock",
    comment = "What the inventory held of each product it had when the forecast was made. Empty \
        while no inventory is loaded."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "The product.")]
    pub product_id: i32,
    #[sea_orm(comment = "Quantity in stock over all locations, in pieces.")]
    pub available_quantity: i64,
}

impl ActiveModelBehavior for ActiveModel {}
