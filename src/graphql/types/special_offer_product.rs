//! `SpecialOfferProduct`.

use super::common::{MODIFIED_DATE, ROWGUID, SOURCE};
use super::sales_measures::OF_OFFER;
use super::{PRODUCT, SALES_ORDER_LINE};
use crate::graphql::schema::model::{Aggregate, Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, ToMany, tables};

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
            Field::sales(
                &OF_OFFER,
                "What the order lines that sell the product under the offer come to.",
            ),
            SOURCE,
        ],
    },
    inputs: Inputs {
        aggregates: &[
            Aggregate {
                name: "LINE_COUNT",
                description: "By the number of its lines.",
                of: ToMany {
                    table: &tables::SALES_ORDER_LINE,
                    by: &[
                        Column::new("special_offer_id", Kind::Int),
                        Column::new("product_id", Kind::Int),
                    ],
                },
                sum: None,
            },
            Aggregate {
                name: "QUANTITY_SOLD",
                description: "By the sum of orderQuantity of its lines; 0 without lines.",
                of: ToMany {
                    table: &tables::SALES_ORDER_LINE,
                    by: &[
                        Column::new("special_offer_id", Kind::Int),
                        Column::new("product_id", Kind::Int),
                    ],
                },
                sum: Some(Column::new("order_quantity", Kind::Small)),
            },
            Aggregate {
                name: "SALES_TOTAL",
                description: "By the sum of lineTotal of its lines; 0 without lines.",
                of: ToMany {
                    table: &tables::SALES_ORDER_LINE,
                    by: &[
                        Column::new("special_offer_id", Kind::Int),
                        Column::new("product_id", Kind::Int),
                    ],
                },
                sum: Some(Column::new("line_total", Kind::Decimal)),
            },
        ],
        ..Inputs::NONE
    },
};
