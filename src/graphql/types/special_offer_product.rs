//! `SpecialOfferProduct`.

use super::common::{MODIFIED_DATE, ROWGUID, SOURCE};
use super::{PRODUCT, SALES_ORDER_LINE};
use crate::graphql::model::{Entity, Field, Shape};
use crate::query::{Column, Kind, tables};

/// A product for which a special offer holds (Sales.SpecialOfferProduct).
pub(crate) static SPECIAL_OFFER_PRODUCT: Entity = Entity {
    table: &tables::SPECIAL_OFFER_PRODUCT,
    shape: Shape {
        name: "SpecialOfferProduct",
        description: "A product for which a special offer holds (Sales.SpecialOfferProduct).",
        fields: &[
            Field::id(),
            Field::column(
                "specialOfferId",
                Column::new("special_offer_id", Kind::Int),
                "The special offer in the source system; 1 is no discount.",
            ),
            Field::column("productId", Column::new("product_id", Kind::Int), "Key of the product."),
            ROWGUID,
            MODIFIED_DATE,
            Field::one(
                "product",
                &PRODUCT,
                &[Column::new("product_id", Kind::Int)],
                "The product.",
            ),
            Field::many(
                "lines",
                &SALES_ORDER_LINE,
                &[Column::new("special_offer_id", Kind::Int), Column::new("product_id", Kind::Int)],
                "Order lines that sell the product under the offer.",
            ),
            SOURCE,
        ],
    },
};
