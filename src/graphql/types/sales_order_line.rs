//! `SalesOrderLine`.

use super::common::{MODIFIED_DATE, ROWGUID, SOURCE};
use super::{PRODUCT, SALES_ORDER, SPECIAL_OFFER_PRODUCT};
use crate::graphql::model::{Entity, Field, Shape};
use crate::query::{Column, Kind, tables};

/// A line of a sales order (Sales.SalesOrderDetail).
pub(crate) static SALES_ORDER_LINE: Entity = Entity {
    table: &tables::SALES_ORDER_LINE,
    shape: Shape {
        name: "SalesOrderLine",
        description: "A line of a sales order (Sales.SalesOrderDetail).",
        fields: &[
            Field::id(),
            Field::column(
                "salesOrderId",
                Column::new("sales_order_id", Kind::Int),
                "Key of the order.",
            ),
            Field::column(
                "salesOrderDetailId",
                Column::new("sales_order_detail_id", Kind::Int),
                "Number of the line in the source system.",
            ),
            Field::column(
                "carrierTrackingNumber",
                Column::new("carrier_tracking_number", Kind::Text).nullable(),
                "The carrier's number for the shipment; null when there is none.",
            ),
            Field::column(
                "orderQuantity",
                Column::new("order_quantity", Kind::Small),
                "Quantity ordered, in pieces.",
            ),
            Field::column("productId", Column::new("product_id", Kind::Int), "Key of the product."),
            Field::column(
                "specialOfferId",
                Column::new("special_offer_id", Kind::Int),
                "The special offer it was sold under; 1 is no discount.",
            ),
            Field::column(
                "unitPrice",
                Column::new("unit_price", Kind::Decimal),
                "Price of one piece before discount, in USD.",
            ),
            Field::column(
                "unitPriceDiscount",
                Column::new("unit_price_discount", Kind::Decimal),
                "Discount as a fraction of the price, 0 to 1.",
            ),
            Field::column(
                "lineTotal",
                Column::new("line_total", Kind::Decimal),
                "unitPrice * (1 - unitPriceDiscount) * orderQuantity, in USD.",
            ),
            ROWGUID,
            MODIFIED_DATE,
            Field::one(
                "order",
                &SALES_ORDER,
                &[Column::new("sales_order_id", Kind::Int)],
                "The order.",
            ),
            Field::one(
                "product",
                &PRODUCT,
                &[Column::new("product_id", Kind::Int)],
                "The product.",
            ),
            Field::one(
                "specialOfferProduct",
                &SPECIAL_OFFER_PRODUCT,
                &[Column::new("special_offer_id", Kind::Int), Column::new("product_id", Kind::Int)],
                "The special offer and product it was sold under.",
            ),
            SOURCE,
        ],
    },
};
