//! `SalesOrderLine`.

use std::sync::LazyLock;

use entity::sales_order_line::{Column, Entity, Relation};
use entity::{customer, person, product, sales_order};

use super::common::{customer_to_person, line_to_order, order_to_customer, source};
use super::{CUSTOMER, PERSON, PRODUCT, SALES_ORDER, SPECIAL_OFFER_PRODUCT};
use crate::catalog::{columns, to_one};
use crate::graphql::schema::model::{SearchColumns, Type};

/// What is shown of its row.
pub(super) const COLUMNS: [Column; 11] = {
    use Column::*;

    [
        SalesOrderId, SalesOrderDetailId, CarrierTrackingNumber, OrderQuantity, ProductId,
        SpecialOfferId, UnitPrice, UnitPriceDiscount, LineTotal, Rowguid, ModifiedDate,
    ]
};

/// A line of a sales order (Sales.SalesOrderDetail).
pub(crate) static SALES_ORDER_LINE: LazyLock<Type> = LazyLock::new(|| {
    Type::over::<Entity>("SalesOrderLine", |t| {
        t.by_key();
        t.list("salesOrderLines", "All order lines");
        t.columns(COLUMNS);
        t.one("order", &SALES_ORDER, Relation::SalesOrder, "The order.");
        t.one("product", &PRODUCT, Relation::Product, "The product.");
        t.one(
            "specialOfferProduct",
            &SPECIAL_OFFER_PRODUCT,
            Relation::SpecialOfferProduct,
            "The special offer and product it was sold under.",
        );
        source(t);
        t.filter("SalesFilter");
        t.path("customer", &CUSTOMER, &[line_to_order(), order_to_customer()]);
        t.path("person", &PERSON, &[line_to_order(), order_to_customer(), customer_to_person()]);
        t.keyword(
            "name and productNumber of the product, salesOrderNumber of the order, accountNumber \
             of the customer, firstName and lastName of the person",
            searched(),
        );
    })
});

/// Where a keyword is looked for.
fn searched() -> SearchColumns {
    let person = SearchColumns::of(columns([person::Column::FirstName, person::Column::LastName]));
    let customer = SearchColumns::of(columns([customer::Column::AccountNumber]))
        .and(customer_to_person(), person);
    let order = SearchColumns::of(columns([sales_order::Column::SalesOrderNumber]))
        .and(order_to_customer(), customer);
    let product = columns([product::Column::Name, product::Column::ProductNumber]);
    SearchColumns::of(&[])
        .and(to_one(Relation::Product), SearchColumns::of(product))
        .and(line_to_order(), order)
}
