//! `Sales.SalesTerritory` -> `territory`.

use entity::territory::{Column::TerritoryGroup, Entity};

use super::Dataset;
use super::build::Builder;

pub(super) fn dataset() -> Dataset {
    Builder::<Entity>::new("Sales.SalesTerritory")
        // GROUP is a reserved word in SQL.
        .header(TerritoryGroup, "Group")
        .build()
}
