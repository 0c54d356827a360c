//! `Store`.

use std::sync::LazyLock;

use entity::customer;
use entity::store::{Column, Entity};

use super::CUSTOMER;
use super::common::{line_to_order, order_to_customer, sales, source};
use crate::graphql::schema::model::Type;

/// A store: a customer, or one that a customer buys for (Sales.Store).
pub(crate) static STORE: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("Store", |t| {
        t.by_key();
        t.optional_list("stores", "All stores");
        t.columns([BusinessEntityId, Name, SalesPersonId, Demographics, Rowguid, ModifiedDate]);
        t.many(
            "customers",
            &CUSTOMER,
            customer::Relation::Store,
            "Customers that are the store, or buy for it.",
        );
        sales(
            t,
            &[line_to_order(), order_to_customer()],
            [customer::Column::StoreId],
            "Sales totals over the order lines of the store's customers.",
        );
        source(t);
        t.order_by_count("CUSTOMER_COUNT", customer::Relation::Store, "customers");
    })
});
