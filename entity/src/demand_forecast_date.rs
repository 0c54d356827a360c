//! `demand_forecast_date`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "demand_forecast_date",
    comment = "The dates that are forecast: those after the first order date up to 28 days after \
        the last."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "The date.")]
    pub date: Date,
    #[sea_orm(comment = "Its weekday: 1 is Monday, 7 is Sunday.")]
    pub weekday: i16,
}

impl ActiveModelBehavior for ActiveModel {}
