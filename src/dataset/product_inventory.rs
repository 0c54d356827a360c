//! `Production.ProductInventory` -> `product_inventory`.

use entity::product_inventory::{Column::Bin, Entity};

use super::Dataset;
use super::build::Builder;

pub(super) fn dataset() -> Dataset {
    Builder::<Entity>::new("Production.ProductInventory").range(Bin, 0, 100).build()
}
