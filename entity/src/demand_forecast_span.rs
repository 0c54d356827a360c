//! `demand_forecast_span`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "demand_forecast_span",
    comment = "What is predicted of a product for dates of one weekday, from the week after a day \
        on which it sold up to the next such day."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "The product.")]
    pub product_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "Weekday of the dates: 1 is Monday, 7 is Sunday.")]
    pub weekday: i16,
    #[sea_orm(primary_key, auto_increment = false, comment = "First date it is for.")]
    pub first_date: Date,
    #[sea_orm(
        comment = "First date it is not for any more: the next {first_date} of the product and \
                   weekday; null while there is none."
    )]
    pub next_date: Option<Date>,
    #[sea_orm(comment = "Quantity sold seven days before {first_date}, in pieces.")]
    pub sold_quantity: i64,
    #[sea_orm(column_type = "Decimal(Some((20, 1)))")]
    #[sea_orm(
        comment = "Median of what the product sold on that day and the up to three latest before \
                   it of the same weekday on which it sold, in pieces."
    )]
    pub predicted_quantity: Decimal,
    #[sea_orm(comment = "How many days that is the median of.")]
    pub basis_days: i16,
}

impl ActiveModelBehavior for ActiveModel {}
