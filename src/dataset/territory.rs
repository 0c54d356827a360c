//! `Sales.SalesTerritory` -> `territory`.

use super::Dataset;
use super::column::{ID, Kind, MONEY, required};

pub(super) const DATASET: Dataset = Dataset {
    table: "territory",
    file_stem: "Sales.SalesTerritory",
    columns: &[
        required("TerritoryID", "territory_id", ID),
        required("Name", "name", Kind::Text { max: 50 }),
        required("CountryRegionCode", "country_region_code", Kind::Text { max: 3 }),
        // GROUP is a reserved word in SQL.
        required("Group", "territory_group", Kind::Text { max: 50 }),
        required("SalesYTD", "sales_ytd", MONEY),
        required("SalesLastYear", "sales_last_year", MONEY),
        required("CostYTD", "cost_ytd", MONEY),
        required("CostLastYear", "cost_last_year", MONEY),
        required("rowguid", "rowguid", Kind::Uuid),
        required("ModifiedDate", "modified_date", Kind::Timestamp),
    ],
    key: &["territory_id"],
    parents: &[],
    checks: &[],
};
