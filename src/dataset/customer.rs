//! `Sales.Customer` -> `customer`.

use entity::customer::{
    Column::{PersonId, StoreId},
    Entity,
};

use super::Dataset;
use super::build::Builder;

pub(super) fn dataset() -> Dataset {
    Builder::<Entity>::new("Sales.Customer").any_of([PersonId, StoreId]).build()
}
