//! `Production.Product` -> `product`.

use entity::product::{
    Column::{
        ReorderPoint, SafetyStockLevel, SellEndDate, SellStartDate, SizeUnitMeasureCode, Weight,
        WeightUnitMeasureCode,
    },
    Entity,
};

use super::build::Builder;
use super::{Dataset, DecimalRange};

pub(super) fn dataset() -> Dataset {
    Builder::<Entity>::new("Production.Product")
        .range(SafetyStockLevel, 1, i32::MAX)
        .range(ReorderPoint, 1, i32::MAX)
        .padded(SizeUnitMeasureCode)
        .padded(WeightUnitMeasureCode)
        .decimal(Weight, DecimalRange::Positive)
        .not_before(SellEndDate, SellStartDate)
        .build()
}
