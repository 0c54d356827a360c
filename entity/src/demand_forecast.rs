//! `demand_forecast`, a view.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "demand_forecast",
    comment = "The quantity predicted to be sold of a product on a date, beside what is available. \
               A product that did not sell on that weekday before has no row for it."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "The date.")]
    pub date: Date,
    #[sea_orm(primary_key, auto_increment = false, comment = "Key of the product.")]
    pub product_id: i32,
    #[sea_orm(column_type = "Decimal(Some((20, 1)))")]
    #[sea_orm(
        comment = "Pieces: the median of what the product sold on the four most recent days of the \
                   same weekday before the date on which it sold; of fewer, where there are no four."
    )]
    pub predicted_quantity: Decimal,
    #[sea_orm(comment = "How many days {predicted_quantity} is the median of: 1 to 4.")]
    pub basis_days: i16,
    #[sea_orm(
        comment = "Pieces the inventory held when the forecast was made, over all locations; 0 for \
                   a product it did not have, null where no inventory was loaded."
    )]
    pub available_quantity: Option<i64>,
    #[sea_orm(column_type = "Decimal(None)")]
    #[sea_orm(
        comment = "Pieces by which {predicted_quantity} exceeds {available_quantity}, 0 where it \
                   does not; null when {available_quantity} is."
    )]
    pub shortfall: Option<Decimal>,
    #[sea_orm(belongs_to, from = "product_id", to = "product_id", skip_fk)]
    pub product: BelongsTo<super::product::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
