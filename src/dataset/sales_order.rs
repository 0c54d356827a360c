//! `Sales.SalesOrderHeader` -> `sales_order`.

use entity::sales_order::{
    Column::{DueDate, Freight, OrderDate, ShipDate, SubTotal, TaxAmt, TotalDue},
    Entity,
};

use super::Dataset;
use super::build::Builder;

pub(super) fn dataset() -> Dataset {
    Builder::<Entity>::new("Sales.SalesOrderHeader")
        .not_before(DueDate, OrderDate)
        .not_before(ShipDate, OrderDate)
        .sum(TotalDue, [SubTotal, TaxAmt, Freight])
        .build()
}
