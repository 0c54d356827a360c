//! `Sales.Store` -> `store`.

use entity::store::Entity;

use super::Dataset;
use super::build::Builder;

pub(super) fn dataset() -> Dataset {
    Builder::<Entity>::new("Sales.Store").build()
}
