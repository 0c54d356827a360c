//! Root fields of the sales data.

use crate::graphql::schema::model::{Argument, RootField, RootValue};
use crate::graphql::types::{
    CURRENCY_RATE, CUSTOMER, PERSON, PRODUCT, PRODUCT_INVENTORY, SALES_ORDER, SALES_ORDER_LINE,
    SPECIAL_OFFER_PRODUCT, STORE, TERRITORY,
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
    RootField {
        name: "territory",
        description: "The territory with this key; null when there is none.",
        arguments: &[key("territoryId", "Key of the territory.")],
        value: RootValue::Key(&TERRITORY),
    },
    RootField {
        name: "territories",
        description: "All sales territories, by default ordered by territoryId; empty while none are loaded. Null \
                      only together with an error.",
        arguments: &[],
        value: RootValue::List { of: &TERRITORY, only: &[] },
    },
    RootField {
        name: "store",
        description: "The store with this key; null when there is none.",
        arguments: &[key("businessEntityId", "Key of the store.")],
        value: RootValue::Key(&STORE),
    },
    RootField {
        name: "stores",
        description: "All stores, by default ordered by businessEntityId; empty while none are loaded. Null \
                      only together with an error.",
        arguments: &[],
        value: RootValue::List { of: &STORE, only: &[] },
    },
    RootField {
        name: "currencyRate",
        description: "The currency rate with this key; null when there is none.",
        arguments: &[key("currencyRateId", "Key of the rate.")],
        value: RootValue::Key(&CURRENCY_RATE),
    },
    RootField {
        name: "currencyRates",
        description: "All currency rates, by default ordered by currencyRateId; empty while none are loaded. Null \
                      only together with an error.",
        arguments: &[],
        value: RootValue::List { of: &CURRENCY_RATE, only: &[] },
    },
];
