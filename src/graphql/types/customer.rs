//! `Customer`.

use std::sync::LazyLock;

use entity::customer::{Column, Entity, Relation};
use entity::sales_order;

use super::common::{line_to_order, sales, source};
use super::{PERSON, SALES_ORDER, STORE, TERRITORY};
use crate::graphql::schema::model::Type;

/// A customer: a person, a store, or a person who buys for a store (Sales.Customer).
pub(crate) static CUSTOMER: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("Customer", |t| {
        t.by_key();
        t.list("customers", "All customers");
        t.columns([
            CustomerId, PersonId, StoreId, TerritoryId, AccountNumber, Rowguid, ModifiedDate,
        ]);
        t.one(
            "person",
            &PERSON,
            Relation::Person,
            "The person; null for a store without a contact.",
        );
        t.one(
            "store",
            &STORE,
            Relation::Store,
            "The store; null for an individual, and while it is not loaded.",
        );
        t.one(
            "territory",
            &TERRITORY,
            Relation::Territory,
            "The sales territory; null when none is assigned, and while it is not loaded.",
        );
        t.many("orders", &SALES_ORDER, sales_order::Relation::Customer, "Orders of the customer.");
        sales(
            t,
            &[line_to_order()],
            [sales_order::Column::CustomerId],
            "Sales totals over the customer's order lines.",
        );
        source(t);
        t.order_by_count("ORDER_COUNT", sales_order::Relation::Customer, "orders");
        t.order_by_sum(
            "ORDER_TOTAL",
            sales_order::Relation::Customer,
            sales_order::Column::TotalDue,
            "orders",
        );
    })
});
