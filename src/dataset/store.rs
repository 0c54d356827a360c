//! `Sales.Store` -> `store`.

use super::Dataset;
use super::column::{ID, Kind, LONG_TEXT, nullable, required};

pub(super) const DATASET: Dataset = Dataset {
    table: "store",
    file_stem: "Sales.Store",
    columns: &[
        required("BusinessEntityID", "business_entity_id", ID),
        required("Name", "name", Kind::Text { max: 50 }),
        nullable("SalesPersonID", "sales_person_id", ID),
        nullable("Demographics", "demographics", LONG_TEXT),
        required("rowguid", "rowguid", Kind::Uuid),
        required("ModifiedDate", "modified_date", Kind::Timestamp),
    ],
    key: &["business_entity_id"],
    parents: &[],
    checks: &[],
};
