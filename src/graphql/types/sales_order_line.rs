//! `SalesOrderLine`.

use super::common::{MODIFIED_DATE, ROWGUID, SOURCE, TO_CUSTOMER, TO_PERSON};
use super::{CUSTOMER, PERSON, PRODUCT, SALES_ORDER, SPECIAL_OFFER_PRODUCT};
use crate::graphql::schema::model::{Entity, Field, Inputs, Keyword, Path, Searched, Shape};
use crate::query::{Column, Kind, ToOne, tables};

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
    inputs: Inputs {
        filter: Some("SalesFilter"),
        paths: &[
            Path { name: "customer", to: &CUSTOMER, through: &[TO_ORDER, TO_CUSTOMER] },
            Path { name: "person", to: &PERSON, through: &[TO_ORDER, TO_CUSTOMER, TO_PERSON] },
        ],
        keyword: Some(KEYWORD),
        ..Inputs::NONE
    },
};

const TO_ORDER: ToOne =
    ToOne { table: &tables::SALES_ORDER, from: &[Column::new("sales_order_id", Kind::Int)] };
const TO_PRODUCT: ToOne =
    ToOne { table: &tables::PRODUCT, from: &[Column::new("product_id", Kind::Int)] };

const KEYWORD: Keyword = Keyword {
    description: "name and productNumber of the product, salesOrderNumber of the order, \
                  accountNumber of the customer, firstName and lastName of the person",
    searched: Searched {
        columns: &[],
        related: &[
            (
                TO_PRODUCT,
                Searched {
                    columns: &[
                        Column::new("name", Kind::Text),
                        Column::new("product_number", Kind::Text),
                    ],
                    related: &[],
                },
            ),
            (
                TO_ORDER,
                Searched {
                    columns: &[Column::new("sales_order_number", Kind::Text)],
                    related: &[(TO_CUSTOMER, CUSTOMER_SEARCHED)],
                },
            ),
        ],
    },
};

const CUSTOMER_SEARCHED: Searched = Searched {
    columns: &[Column::new("account_number", Kind::Text)],
    related: &[(
        TO_PERSON,
        Searched {
            columns: &[Column::new("first_name", Kind::Text), Column::new("last_name", Kind::Text)],
            related: &[],
        },
    )],
};
