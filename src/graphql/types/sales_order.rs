//! `SalesOrder`.

use std::sync::LazyLock;

use entity::sales_order::{Column, Entity, Relation};
use entity::sales_order_line;

use super::common::{customer_to_person, order_to_customer, sales, source};
use super::{CURRENCY_RATE, CUSTOMER, PERSON, SALES_ORDER_LINE, TERRITORY};
use crate::graphql::schema::model::Type;

/// A sales order (Sales.SalesOrderHeader).
pub(crate) static SALES_ORDER: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("SalesOrder", |t| {
        t.by_key();
        t.list("salesOrders", "All orders");
        t.columns([
            SalesOrderId, RevisionNumber, OrderDate, DueDate, ShipDate, Status, OnlineOrderFlag,
            SalesOrderNumber, PurchaseOrderNumber, AccountNumber, CustomerId, SalesPersonId,
            TerritoryId, BillToAddressId, ShipToAddressId, ShipMethodId, CreditCardId,
            CreditCardApprovalCode, CurrencyRateId, SubTotal, TaxAmt, Freight, TotalDue, Comment,
            Rowguid, ModifiedDate,
        ]);
        t.one("customer", &CUSTOMER, Relation::Customer, "The customer.");
        t.one(
            "territory",
            &TERRITORY,
            Relation::Territory,
            "The sales territory; null when none is assigned, and while it is not loaded.",
        );
        t.one(
            "currencyRate",
            &CURRENCY_RATE,
            Relation::CurrencyRate,
            "The currency rate; null for orders in USD, and while it is not loaded.",
        );
        t.many(
            "lines",
            &SALES_ORDER_LINE,
            sales_order_line::Relation::SalesOrder,
            "Lines of the order.",
        );
        sales(t, &[], [sales_order_line::Column::SalesOrderId], "Sales totals over its lines.");
        source(t);
        t.path("person", &PERSON, &[order_to_customer(), customer_to_person()]);
        t.order_by_count("LINE_COUNT", sales_order_line::Relation::SalesOrder, "lines");
        t.order_by_sum(
            "QUANTITY",
            sales_order_line::Relation::SalesOrder,
            sales_order_line::Column::OrderQuantity,
            "lines",
        );
    })
});
