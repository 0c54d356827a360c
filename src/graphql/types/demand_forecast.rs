//! `DemandForecast`.

use super::PRODUCT;
use crate::graphql::schema::model::{Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, tables};

/// What is predicted of a product for a date.
pub(crate) static DEMAND_FORECAST: Entity = Entity {
    table: &tables::DEMAND_FORECAST,
    shape: Shape {
        name: "DemandForecast",
        description: "What is predicted to be sold of a product on a date, beside what is \
                      available. There is none for a product that did not sell on that weekday \
                      before.",
        fields: &[
            Field::id(),
            Field::column("date", Column::new("date", Kind::Date), "The date."),
            Field::column("productId", Column::new("product_id", Kind::Int), "Key of the product."),
            Field::column(
                "predictedQuantity",
                Column::new("predicted_quantity", Kind::Decimal),
                "Pieces: the median of what the product sold on the four most recent days of the \
                 same weekday before the date on which it sold; of fewer, where there are no four.",
            ),
            Field::column(
                "basisDays",
                Column::new("basis_days", Kind::Small),
                "How many days predictedQuantity is the median of: 1 to 4.",
            ),
            Field::column(
                "availableQuantity",
                Column::new("available_quantity", Kind::Long).nullable(),
                "Pieces the inventory held when the forecast was made, over all locations; 0 for a \
                 product it did not have, null where no inventory was loaded.",
            ),
            Field::column(
                "shortfall",
                Column::new("shortfall", Kind::Decimal).nullable(),
                "Pieces by which predictedQuantity is more than availableQuantity, 0 where it is \
                 not; null when availableQuantity is.",
            ),
            Field::one(
                "product",
                &PRODUCT,
                &[Column::new("product_id", Kind::Int)],
                "The product.",
            ),
        ],
    },
    inputs: Inputs::NONE,
};
