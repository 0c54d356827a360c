//! `Sales.SalesOrderDetail` -> `sales_order_line`.

use entity::sales_order;
use entity::sales_order_line::{
    Column::{LineTotal, OrderQuantity, TerritoryId, UnitPrice, UnitPriceDiscount},
    Entity,
};

use super::build::Builder;
use super::{Dataset, DecimalRange};

pub(super) fn dataset() -> Dataset {
    Builder::<Entity>::new("Sales.SalesOrderDetail")
        .header(OrderQuantity, "OrderQty")
        .range(OrderQuantity, 1, i32::MAX)
        .decimal(UnitPriceDiscount, DecimalRange::Fraction)
        .decimal(LineTotal, DecimalRange::Any)
        .line_total(LineTotal, UnitPrice, UnitPriceDiscount, OrderQuantity)
        .carried::<sales_order::Entity>(TerritoryId)
        .build()
}
