//! `SalesOrder`.

use std::sync::LazyLock;

use entity::sales_order::{Column, Entity, Relation};
use entity::sales_order_line;

use super::common::{customer_to_person, order_to_customer, sales, source};
use super::{CURRENCY_RATE, CUSTOMER, DOCUMENT, PERSON, SALES_ORDER_LINE, TERRITORY};
use crate::catalog::column;
use crate::graphql::schema::model::{Field, FieldValue, Type};

/// What is shown of its row.
pub(super) const COLUMNS: [Column; 26] = {
    use Column::*;

    [
        SalesOrderId, RevisionNumber, OrderDate, DueDate, ShipDate, Status, OnlineOrderFlag,
        SalesOrderNumber, PurchaseOrderNumber, AccountNumber, CustomerId, SalesPersonId,
        TerritoryId, BillToAddressId, ShipToAddressId, ShipMethodId, CreditCardId,
        CreditCardApprovalCode, CurrencyRateId, SubTotal, TaxAmt, Freight, TotalDue, Comment,
        Rowguid, ModifiedDate,
    ]
};

/// A sales order (Sales.SalesOrderHeader).
pub(crate) static SALES_ORDER: LazyLock<Type> = LazyLock::new(|| {
    use Column::{OrderDate, TotalDue};

    Type::over::<Entity>("SalesOrder", |t| {
        t.by_key();
        t.list("salesOrders", "All orders");
        t.columns(COLUMNS);
        t.field(Field {
            name: "totalDueIn",
            description: "totalDue in another currency, by the last rate on or before the order's \
                          date.",
            value: FieldValue::Converted(column(TotalDue), column(OrderDate)),
        });
        t.computed_as(
            &DOCUMENT,
            "The order with its lines as a JSON document, in the format in which the loader takes \
             orders. A file of documents and nothing else has one a line.",
        );
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
