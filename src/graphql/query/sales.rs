//! Root fields of the sales data.

use crate::graphql::model::{Argument, RootField, RootValue};
use crate::graphql::types::{
    CUSTOMER, PERSON, PRODUCT, SALES_GROUP, SALES_ORDER, SALES_ORDER_LINE, SPECIAL_OFFER_PRODUCT,
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
        name: "salesAggregate",
        description: "Order lines put together and measured: by default in the order of groupBy. \
                      Null only together with an error.",
        arguments: &GROUPS,
        value: RootValue::Groups(&SALES_GROUP),
    },
];

/// The arguments of `salesAggregate`.
static GROUPS: [Argument; 10] = [
    Argument {
        name: "filter",
        ty: "SalesFilter",
        description: "Which order lines are looked at; without it, or null, all are.",
    },
    Argument {
        name: "groupBy",
        ty: "[SalesDimension!]",
        description: "What the groups are made by. Without any all lines are one group, also when \
                      there are none.",
    },
    Argument {
        name: "having",
        ty: "SalesMeasureFilter",
        description: "Keeps the groups whose measures, over all their lines, fulfil it.",
    },
    Argument {
        name: "orderBy",
        ty: "[SalesGroupOrder!]",
        description: "Order of the groups, the most important key first; groups that are equal in \
                      all of them are in the order of groupBy.",
    },
    Argument {
        name: "topPerGroup",
        ty: "SalesTopPerGroup",
        description: "Keeps the first groups within each value of some dimensions.",
    },
    Argument {
        name: "fillGaps",
        ty: "Boolean",
        description: "Adds groups without lines, whose counts and sums are 0, for the days, weeks, \
                      months, quarters, years or weekdays without sales: for each combination of \
                      the other dimensions that has any, from the first order to the last, kept to \
                      what the filter says of order.orderDate. groupBy must have exactly one of \
                      these.",
    },
    Argument {
        name: "first",
        ty: "Int",
        description: "Most groups of the page, from the beginning of the list: 0 to 1000, by default \
                      50, unless the server is configured otherwise.",
    },
    Argument {
        name: "after",
        ty: "String",
        description: "Cursor of the group the page comes after; by default the beginning.",
    },
    Argument {
        name: "last",
        ty: "Int",
        description: "The same from the end of the list; the groups still come in the order of the \
                      list. Not together with first.",
    },
    Argument {
        name: "before",
        ty: "String",
        description: "Cursor of the group the page ends before; by default the end.",
    },
];
