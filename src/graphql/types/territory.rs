//! `Territory`.

use std::sync::LazyLock;

use entity::territory::{Column, Entity};
use entity::{customer, sales_order};

use super::common::{line_to_order, sales, source};
use super::{CUSTOMER, SALES_ORDER};
use crate::graphql::schema::model::Type;

/// A sales territory (Sales.SalesTerritory).
pub(crate) static TERRITORY: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("Territory", |t| {
        t.by_key();
        t.optional_list("territories", "All sales territories");
        t.columns([TerritoryId, Name, CountryRegionCode]);
        t.column_as("group", TerritoryGroup);
        t.columns([SalesYtd, SalesLastYear, CostYtd, CostLastYear, Rowguid, ModifiedDate]);
        t.many(
            "customers",
            &CUSTOMER,
            customer::Relation::Territory,
            "Customers of the territory.",
        );
        t.many(
            "orders",
            &SALES_ORDER,
            sales_order::Relation::Territory,
            "Orders of the territory.",
        );
        sales(
            t,
            &[line_to_order()],
            [sales_order::Column::TerritoryId],
            "Sales totals over the lines of the territory's orders.",
        );
        source(t);
        t.order_by_count("CUSTOMER_COUNT", customer::Relation::Territory, "customers");
        t.order_by_count("ORDER_COUNT", sales_order::Relation::Territory, "orders");
        t.order_by_sum(
            "ORDER_TOTAL",
            sales_order::Relation::Territory,
            sales_order::Column::TotalDue,
            "orders",
        );
    })
});
