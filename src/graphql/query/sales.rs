//! Root fields of the sales data.

use crate::graphql::model::{Argument, RootField, RootValue};
use crate::graphql::types::{
    CUSTOMER, PERSON, PRODUCT, PRODUCT_INVENTORY, SALES_ORDER, SALES_ORDER_LINE,
    SPECIAL_OFFER_PRODUCT,
};

const fn key(name: &'static str, description: &'static str) -> Argument {
    Argument { name, ty: "Int!", description }
}

pub(super) static FIELDS: &[RootField] = &[
    RootField {
        name: "person",
        description: "The person with this key; null when there is none.",
        arguments: &[key("businessEntityId", "Key of the person.")],
        value: RootValue::Key(&PERSON),
    },
    RootField {
        name: "product",
        description: "The product with this key; null when there is none.",
        arguments: &[key("productId", "Key of the product.")],
        value: RootValue::Key(&PRODUCT),
    },
    RootField {
        name: "customer",
        description: "The customer with this key; null when there is none.",
        arguments: &[key("customerId", "Key of the customer.")],
        value: RootValue::Key(&CUSTOMER),
    },
    RootField {
        name: "salesOrder",
        description: "The order with this key; null when there is none.",
        arguments: &[key("salesOrderId", "Key of the order.")],
        value: RootValue::Key(&SALES_ORDER),
    },
    RootField {
        name: "salesOrderLine",
        description: "The order line with this key; null when there is none.",
        arguments: &[
            key("salesOrderId", "Key of the order."),
            key("salesOrderDetailId", "Number of the line in the source system."),
        ],
        value: RootValue::Key(&SALES_ORDER_LINE),
    },
    RootField {
        name: "persons",
        description: "All persons, by default ordered by businessEntityId. Null only together with \
                      an error.",
        arguments: &[],
        value: RootValue::List { of: &PERSON, only: &[] },
    },
    RootField {
        name: "products",
        description: "All products, by default ordered by productId. Null only together with an \
                      error.",
        arguments: &[],
        value: RootValue::List { of: &PRODUCT, only: &[] },
    },
    RootField {
        name: "customers",
        description: "All customers, by default ordered by customerId. Null only together with an \
                      error.",
        arguments: &[],
        value: RootValue::List { of: &CUSTOMER, only: &[] },
    },
    RootField {
        name: "salesOrders",
        description: "All orders, by default ordered by salesOrderId. Null only together with an \
                      error.",
        arguments: &[],
        value: RootValue::List { of: &SALES_ORDER, only: &[] },
    },
    RootField {
        name: "salesOrderLines",
        description: "All order lines, by default ordered by salesOrderId and salesOrderDetailId. \
                      Null only together with an error.",
        arguments: &[],
        value: RootValue::List { of: &SALES_ORDER_LINE, only: &[] },
    },
    RootField {
        name: "specialOfferProducts",
        description: "All products of special offers, by default ordered by specialOfferId and \
                      productId. Null only together with an error.",
        arguments: &[],
        value: RootValue::List { of: &SPECIAL_OFFER_PRODUCT, only: &[] },
    },
    RootField {
        name: "productInventory",
        description: "What lies of a product at a place; null when there is none.",
        arguments: &[
            key("productId", "Key of the product."),
            key("locationId", "The place in the source system."),
        ],
        value: RootValue::Key(&PRODUCT_INVENTORY),
    },
    RootField {
        name: "productInventories",
        description: "All inventory of products, by default ordered by productId and locationId; \
                      empty while none is loaded. Null only together with an error.",
        arguments: &[],
        value: RootValue::List { of: &PRODUCT_INVENTORY, only: &[] },
    },
];
